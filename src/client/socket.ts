// One namespace's Socket.IO socket: requests with answers, and the ends of it.
import type { Manager, Socket } from "socket.io-client";
import type { Ack } from "../contract/acks.ts";
import { ClasswireError, errorFromWire } from "./errors.ts";

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

/** A socket that reconnects only when it is told to. */
export class NamespaceSocket {
  readonly #socket: Socket<Loose, Loose>;
  readonly #listener: SocketListener;
  #wanted = false;

  constructor(manager: Manager, namespace: string, listener: SocketListener) {
    this.#listener = listener;
    this.#socket = manager.socket(namespace);
    this.#socket.off().offAny(); // an ended handle's
    this.#socket.on("connect", () => this.#wanted && listener.onAccepted());
    this.#socket.on("connect_error", (error: Error & { data?: unknown }) => {
      if (!this.#wanted) return;
      this.disconnect();
      listener.onRefused(errorFromWire(error.data) ?? new ClasswireError("UNREACHABLE", error.message));
    });
    this.#socket.on("disconnect", (reason: string) => {
      if (!this.#wanted) return;
      this.disconnect(); // or it would come back by itself, with an old handshake, when another namespace reconnects
      listener.onGone(reason);
    });
    this.#socket.onAny((event: string, ...args: unknown[]) => this.#wanted && listener.onEvent(event, args));
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Connects with this handshake. */
  connect(auth: Record<string, unknown>): void {
    this.#wanted = true;
    this.#socket.auth = auth;
    this.#socket.connect();
  }

  /** Disconnects cleanly: the server is told. */
  disconnect(): void {
    this.#wanted = false;
    this.#socket.sendBuffer.length = 0; // must not reach the next connection before its rooms are there
    this.#socket.disconnect();
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
