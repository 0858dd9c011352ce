// Sticky sessions, the worker's side: the primary knows whose a session is before the client knows of the session.
import type { IncomingMessage } from "node:http";
import { type FromWorker, isIpcMessage } from "./ipc.ts";

/** The part of engine.io's server that is used here. */
interface SessionGenerator {
  generateId(request: Handshake): string | PromiseLike<string>;
}
/** A handshake request with the query that engine.io has parsed. */
type Handshake = IncomingMessage & { readonly _query?: { readonly transport?: string } };

/**
 * Tells the primary of each new session and delays the handshake until the primary has answered.
 *
 * @socket.io/sticky tells the primary of a session while its id is on its way to the client already. The client's next
 * request may be quicker and go to another worker, which answers "Session ID unknown".
 */
export function announceSessions(engine: SessionGenerator): void {
  const waiting = new Map<string, () => void>();
  const generateId = engine.generateId.bind(engine);
  process.on("message", (message) => {
    if (!isIpcMessage(message) || message.classwire !== "session-known") return;
    waiting.get(message.session)?.();
    waiting.delete(message.session);
  });
  engine.generateId = async (request) => {
    const session = await generateId(request);
    if (request._query?.transport !== "polling") return session; // a WebSocket stays where it is
    await new Promise<void>((resolve) => {
      waiting.set(session, resolve);
      process.send?.({ type: "sticky:connection", data: session }); // sticky's own message; IPC keeps their order
      process.send?.({ classwire: "session-created", session } satisfies FromWorker);
    });
    return session;
  };
}
