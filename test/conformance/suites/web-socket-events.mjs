// Loaded before a protocol suite: its WebSocket hands over one message a task, as browsers do. Its own `ws` hands over all frames of
// one TCP segment in one go, of which its `await waitFor(…)` sees the first; which frames share one is a matter of the machine's load.
// @ts-check
import { register } from "node:module";

/** Module hooks as source text: Node runs them in a thread of their own. */
const hooks = `
  const OURS = ${JSON.stringify(import.meta.resolve("./web-socket.mjs"))};
  export const resolve = (specifier, context, next) =>
    specifier === "ws" && context.parentURL !== OURS ? { url: OURS, shortCircuit: true } : next(specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
