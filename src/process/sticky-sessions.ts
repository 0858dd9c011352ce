// Sticky sessions, the worker's side: the primary knows whose a session is before the client knows of the session.
import type { IncomingMessage } from "node:http";
import { isIpcMessage, tellPrimary } from "./ipc.ts";

/** The part of engine.io's server that is used here. */
interface Engine {
  generateId(request: Handshake): string | PromiseLike<string>;
  on(event: "connection", listener: (session: Session) => void): unknown;
}
interface Session {
  readonly id: string;
  readonly transport: { readonly name: string };
  once(event: "close", listener: () => void): unknown;
}
/** A handshake request with the query that engine.io has parsed. */
type Handshake = IncomingMessage & { readonly _query?: { readonly transport?: string } };

/** Tells the primary of each new session that polls, delays its handshake until the primary has answered, and says when it ends. */
export function announceSessions(engine: Engine): void {
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
      tellPrimary({ classwire: "session-created", session });
    });
    return session;
  };
  engine.on("connection", (session) => {
    if (session.transport.name !== "polling") return;
    session.once("close", () => tellPrimary({ classwire: "session-ended", session: session.id }));
  });
}
