// One namespace's Socket.IO socket: requests with answers, and the ends of it.
import type { Manager, Socket } from "socket.io-client";
import type { Ack } from "../contract/acks.ts";
import { ClasswireError, errorFromWire } from "./errors.ts";
import { Alarm } from "./timers.ts";

/** Events in both directions, checked by the types of the handles above. */
type Loose = Record<string, (...args: never[]) => void>;

/** What the session is told of its socket. */
export interface SocketListener {
  /** The server has taken the socket into the namespace. */
  onAccepted(): void;
  /** No connection, or none to this namespace: with the server's error where it gave one. */
  onRefused(error: ClasswireError): void;
  onEvent(event: string, args: unknown[]): void;
  /** The connection is gone, and not by {@link NamespaceSocket.disconnect}. */
  onGone(reason: string): void;
}

/** How long an answer that nobody wants any more is waited for, in milliseconds. */
const ANSWER_MS = 5000;

/**
 * A socket that reconnects only when it is told to. A manager has one per namespace: it is this one's from the first
 * `connect()`, by when an earlier handle's must have ended.
 */
export class NamespaceSocket {
  readonly #manager: Manager;
  readonly #socket: Socket<Loose, Loose>;
  readonly #listener: SocketListener;
  readonly #alarm = new Alarm();
  #isOurs = false;
  #wanted = false;

  constructor(manager: Manager, namespace: string, listener: SocketListener) {
    this.#manager = manager;
    this.#listener = listener;
    this.#socket = manager.socket(namespace);
  }

  get connected(): boolean {
    return this.#wanted && this.#socket.connected;
  }

  /** Connects with this handshake. */
  connect(auth: Record<string, unknown>): void {
    if (!this.#isOurs) this.#attach();
    if (this.#isUnanswered) this.#end(); // the server answers the later attempt only
    this.#wanted = true;
    this.#socket.auth = auth;
    this.#socket.connect();
  }

  /**
   * Disconnects cleanly: the server is told. Where it has not answered yet, it is told afterwards: it would take the user for
   * online for as long as another namespace keeps the connection.
   */
  disconnect(): void {
    if (!this.#isOurs) return;
    this.#wanted = false;
    if (this.#isUnanswered && this.#manager._readyState === "open") this.#alarm.after(ANSWER_MS, () => this.#end());
    else this.#end();
  }

  get #isUnanswered(): boolean {
    return this.#socket.active && !this.#socket.connected;
  }

  #end(): void {
    this.#alarm.cancel();
    this.#socket.sendBuffer.length = 0; // must not reach the next connection before its rooms are there
    this.#socket.disconnect();
  }

  #attach(): void {
    this.#isOurs = true;
    const listener = this.#listener;
    this.#socket.off().offAny(); // an ended handle's
    this.#socket.on("connect", () => {
      if (this.#wanted) listener.onAccepted();
      else this.#end();
    });
    this.#socket.on("connect_error", (error: Error & { data?: unknown }) => {
      const wasWanted = this.#wanted;
      this.#wanted = false;
      this.#end();
      if (!wasWanted) return;
      listener.onRefused(errorFromWire(error.data) ?? new ClasswireError("UNREACHABLE", error.message));
    });
    this.#socket.on("disconnect", (reason: string) => {
      const wasWanted = this.#wanted;
      this.#wanted = false;
      this.#end(); // or it would come back by itself, with an old handshake, when another namespace reconnects
      if (wasWanted) listener.onGone(reason);
    });
    this.#socket.onAny((event: string, ...args: unknown[]) => this.#wanted && listener.onEvent(event, args));
  }

  /** As if the connection had broken: disconnects, and says so. */
  drop(reason: string): void {
    if (!this.#wanted) return;
    this.disconnect();
    this.#listener.onGone(reason);
  }

  /** Sends without waiting for anything; dropped when there is no connection. */
  send(event: string, payload: unknown): void {
    if (this.connected) this.#socket.volatile.emit(event, ...([payload] as never[]));
  }

  /**
   * Sends, and gives back what the server answers. Rejects with its error, `TIMEOUT` or `DISCONNECTED`. `atOnce` sees the
   * answer before any event that came behind it in the same packet, which is too early for a promise.
   */
  request<Value extends object>(
    event: string,
    payload: unknown,
    timeoutMs: number,
    atOnce: (answer: Value) => void = () => undefined,
  ): Promise<Value> {
    if (!this.connected) {
      return Promise.reject(new ClasswireError("DISCONNECTED", `${event}: there is no connection`));
    }
    return new Promise((resolve, reject) => {
      const answered = (failure: Error | null, answer: Ack<Value>): void => {
        if (failure !== null) reject(this.#unanswered(event, timeoutMs));
        else if (answer.ok) {
          const value = withoutOk(answer);
          atOnce(value);
          resolve(value);
        } else
          reject(errorFromWire(answer.error) ?? new ClasswireError("SERVER_ERROR", `${event}: the answer is no ack`));
      };
      const args = payload === undefined ? [answered] : [payload, answered];
      this.#socket.timeout(timeoutMs).emit(event, ...(args as never[]));
    });
  }

  #unanswered(event: string, timeoutMs: number): ClasswireError {
    return this.connected
      ? new ClasswireError("TIMEOUT", `${event}: no answer within ${timeoutMs} ms`)
      : new ClasswireError("DISCONNECTED", `${event}: the connection went before the answer came`);
  }
}

function withoutOk<Value extends object>({ ok: _ok, ...value }: { ok: true } & Value): Value {
  return value as unknown as Value;
}
