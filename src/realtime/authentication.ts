// The middleware of every namespace: one socket per connection, one admission, and both given back when the socket goes.
import { toFailure } from "../contract/errors.ts";
import type { Admission, Admit } from "./admission.ts";
import type { ConnectOrder } from "./connect-order.ts";
import { type Ending, onEnd } from "./endings.ts";
import { connectionOf, type EngineSocket } from "./engine-connection.ts";
import { connectError } from "./errors.ts";
import { forgetSecrets, requestOf } from "./handshake.ts";
import type { NamespaceSlots } from "./namespace-slots.ts";
import type { OnRefused } from "./refusals.ts";
import type { AnyNamespace, AnySocket } from "./types.ts";

/** What the middleware needs. */
export interface Authentication {
  admit: Admit;
  slots: NamespaceSlots;
  connects: ConnectOrder;
  onRefused: OnRefused;
  /** Resolves when it is a new socket's turn to be let in. */
  turn: () => Promise<void>;
  /** Throws a `Failure` for a handshake that asks for what makes no sense. */
  checkResume?: (socket: AnySocket) => void;
}

type Next = (error?: Error) => void;

/**
 * Puts the middleware on a namespace; `socket.data.admission` is there for everything behind it. A connection that connects
 * again supersedes its earlier attempt, which is never answered; the later one begins when the earlier has given back
 * what it held.
 */
export function authenticate(namespace: AnyNamespace, authentication: Authentication): void {
  const { connects } = authentication;
  const attempts = new WeakMap<EngineSocket, Attempt>();
  namespace.use((socket, next) => {
    const before = attempts.get(socket.conn);
    const attempt = new Attempt(socket, authentication);
    // Before anything asynchronous: of a burst of connects on one connection only the last is admitted.
    attempts.set(socket.conn, attempt);
    socket.data.connection = connectionOf(socket.conn);
    if (socket.data.connection.admission === undefined) connects.watch(socket);
    void attempt.run(before?.supersede(), next);
  });
  namespace.on("connection", (socket) => {
    const attempt = attempts.get(socket.conn);
    if (attempt?.socket === socket) {
      attempt.entered();
      connects.entered(socket);
    } else socket.conn.close(); // superseded while another middleware had it: both would be in
  });
}

/** One way of a socket into its namespace. */
class Attempt implements Ending {
  readonly socket: AnySocket;
  readonly #authentication: Authentication;
  #isSuperseded = false;
  /** Resolves when the socket is let in, refused or superseded. */
  #decided: Promise<void> | undefined;
  /** What is held, until it is given back. */
  #held: Admission | undefined;
  #left: Promise<void> | undefined;
  /** The connection may die before the socket is in, which is then told nothing. */
  #onClose: (() => void) | undefined;

  constructor(socket: AnySocket, authentication: Authentication) {
    this.socket = socket;
    this.#authentication = authentication;
  }

  /** Lets the socket in, or refuses it, when `before` has resolved. */
  run(before: Promise<void> | undefined, next: Next): Promise<void> {
    this.#decided = this.#decide(before, next);
    return this.#decided;
  }

  /** A later attempt takes its place; resolves when everything is given back. */
  async supersede(): Promise<void> {
    this.#isSuperseded = true;
    await this.#decided;
    if (this.#held !== undefined && !this.socket.connected) forget(this.socket);
    this.ended();
    await this.#left;
  }

  /** The socket is in: from now on its own end is enough. */
  entered(): void {
    this.#decided = undefined;
    this.#stopWatching();
  }

  /** Gives back what is held; again does nothing. */
  ended(): void {
    const held = this.#held;
    if (held === undefined) return;
    const { conn, nsp } = this.socket;
    this.#held = undefined;
    this.#stopWatching();
    this.#authentication.slots.leave(conn, nsp.name);
    this.#left = held.release();
  }

  async #decide(before: Promise<void> | undefined, next: Next): Promise<void> {
    const { socket } = this;
    const { slots, connects, onRefused, turn } = this.#authentication;
    const connection = socket.conn;
    const namespace = socket.nsp.name;
    await before;
    if (socket.data.connection.admission === undefined) await turn(); // a raw one has had it before its upgrade
    if (connection.readyState !== "open") return next(); // Socket.IO forgets the socket
    if (this.#isSuperseded) {
      forget(socket);
      return;
    }
    slots.take(connection, namespace);
    try {
      this.#authentication.checkResume?.(socket);
      const admitted = await admission(socket, this.#authentication.admit);
      if (this.#isSuperseded) {
        slots.leave(connection, namespace);
        forget(socket);
        return await admitted.withdraw();
      }
      socket.data.admission = admitted;
      forgetSecrets(socket);
      this.#hold(admitted);
      next(); // also for a connection that has gone: Socket.IO forgets the socket then
    } catch (error) {
      slots.leave(connection, namespace);
      if (this.#isSuperseded) return forget(socket);
      const failure = toFailure(error);
      onRefused(namespace, failure, error);
      if (connects.believesInside(socket)) connection.close(); // its client comes again, and is told then
      next(connectError(failure));
    }
  }

  #hold(admitted: Admission): void {
    const { socket } = this;
    this.#held = admitted;
    if (socket.conn.readyState === "open") {
      onEnd(socket, this);
      this.#onClose = () => this.ended();
      socket.conn.once("close", this.#onClose);
    } else this.ended();
  }

  #stopWatching(): void {
    if (this.#onClose !== undefined) this.socket.conn.off("close", this.#onClose);
    this.#onClose = undefined;
  }
}

/** A raw connection was admitted before its upgrade; all others are admitted here. */
async function admission(socket: AnySocket, admit: Admit): Promise<Admission> {
  const { admission } = socket.data.connection;
  return admission === undefined ? admit(requestOf(socket)) : (admission as Admission);
}

/** Has Socket.IO forget a socket that is not in its namespace, without an answer: its client waits for that to a later CONNECT. */
function forget(socket: AnySocket): void {
  (socket as unknown as { _cleanup(): void })._cleanup();
}
