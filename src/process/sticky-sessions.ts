// Sticky sessions, the worker's side: the primary knows whose a session is before the client knows of the session.
import type { IncomingMessage } from "node:http";
import { type FromWorker, isOurs } from "./ipc.ts";

/** What is used of engine.io's server, and of the query that it has read. */
interface SessionMaker {
  generateId(request: Handshake): string | PromiseLike<string>;
}
type Handshake = IncomingMessage & { readonly _query?: { readonly transport?: string } };

/**
 * @socket.io/sticky tells the primary of a session while its id is on its way to the client already, whose next request may be quicker
 * and go to another worker, which answers "Session ID unknown". Here the id is told first, and the handshake waits for the answer.
 */
export function announceSessions(engine: SessionMaker): void {
  const waiting = new Map<string, () => void>();
  const make = engine.generateId.bind(engine);
  process.on("message", (message) => {
    if (!isOurs(message) || message.classwire !== "bound") return;
    waiting.get(message.session)?.();
    waiting.delete(message.session);
  });
  engine.generateId = async (request) => {
    const session = await make(request);
    if (request._query?.transport !== "polling") return session; // a WebSocket stays where it is
    await new Promise<void>((resolve) => {
      waiting.set(session, resolve);
      process.send?.({ type: "sticky:connection", data: session }); // in sticky's own words, which come in their order
      process.send?.({ classwire: "bind", session } satisfies FromWorker);
    });
    return session;
  };
}
