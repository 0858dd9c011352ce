// The way in: admission before the upgrade (or after the first frame, where that brings the token), then the open connection.
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Failure, toFailure } from "../contract/errors.ts";
import { DRAINING } from "./close-frame.ts";
import { type Dialect, isObject } from "./codec.ts";
import type { Arrival } from "./connection.ts";
import { Handshake, type Opened } from "./handshake.ts";
import { parseJson } from "./message-handler.ts";
import type { RawEngineOptions, Times } from "./options.ts";
import type { Received } from "./receive-buffer.ts";
import { isRefusedByHttp, refuseByFrame, refuseByHttp } from "./refusal.ts";
import { addressOf, keep, type Query, queryOf, tokenOf } from "./request.ts";

/** Somebody who asks to come in. */
interface Visitor {
  readonly id: string;
  readonly dialect: Dialect;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly query: Query;
  readonly token: string | undefined;
}

/** Lets visitors in or turns them away. */
export class Entrance<A> {
  readonly #options: RawEngineOptions<A>;
  readonly #times: Times;
  readonly #handshake: Handshake;
  readonly #onArrival: (arrival: Arrival, admission: A) => void;
  /** Those who are not in yet, with how to send them away. */
  readonly #waiting = new Map<Duplex, () => void>();
  #closed = false;

  constructor(options: RawEngineOptions<A>, times: Times, onArrival: (arrival: Arrival, admission: A) => void) {
    this.#options = options;
    this.#times = times;
    this.#onArrival = onArrival;
    this.#handshake = new Handshake(options.maxMessageBytes, times.closeTimeoutMs);
  }

  /** How many are being decided on, or linger after a refusal. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes an upgrade request. Never throws. */
  enter(dialect: Dialect, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const query = queryOf(request.url);
    const token = tokenOf(request.headers, query);
    if (this.#closed) {
      socket.on("error", () => socket.destroy());
      refuseByHttp(socket, dialect, new Failure("SERVER_ERROR"), token);
      return;
    }
    const id = randomBytes(15).toString("base64url");
    const visitor = { id, dialect, request, socket, head, query, token };
    this.#waiting.set(socket, () => refuseByHttp(socket, dialect, new Failure("SERVER_ERROR"), token));
    socket.once("close", () => this.#waiting.delete(socket));
    const work = dialect.authFrame && !token && !query["token"] ? this.#byFrame(visitor) : this.#byRequest(visitor);
    work.catch((error: unknown) => {
      this.#options.onFault("entrance", error);
      socket.destroy();
    });
  }

  /** Sends everyone away who is not in yet. */
  close(): void {
    this.#closed = true;
    for (const sendAway of this.#waiting.values()) sendAway();
  }

  async #byRequest(visitor: Visitor): Promise<void> {
    const { dialect, socket, token } = visitor;
    const destroy = () => void socket.destroy();
    socket.on("error", destroy);
    const admitted = await this.#admit(visitor, token);
    socket.off("error", destroy);
    if (admitted instanceof Failure) {
      if (isRefusedByHttp(dialect, admitted)) {
        socket.on("error", destroy);
        refuseByHttp(socket, dialect, admitted, token);
        return;
      }
      const opened = this.#open(visitor, true);
      if (opened !== undefined) refuseByFrame(opened, dialect, admitted, this.#times.lingerMs);
      return;
    }
    const opened = this.#closed || socket.destroyed ? undefined : this.#open(visitor, false);
    if (opened === undefined) this.#options.release(admitted.admission);
    else this.#arrive(visitor, opened, admitted.admission);
  }

  async #byFrame(visitor: Visitor): Promise<void> {
    const opened = this.#open(visitor, true);
    if (opened === undefined) return;
    const token = tokenIn(await firstFrame(opened, this.#times.authFrameMs));
    const admitted =
      token === undefined ? this.#refused(visitor, new Failure("AUTH_FAILED")) : await this.#admit(visitor, token);
    if (admitted instanceof Failure) {
      refuseByFrame(opened, visitor.dialect, admitted, this.#times.lingerMs);
    } else if (this.#closed || opened.ws.readyState !== opened.ws.OPEN) {
      this.#options.release(admitted.admission);
    } else {
      this.#arrive(visitor, opened, admitted.admission);
    }
  }

  async #admit(visitor: Visitor, token: string | undefined): Promise<{ readonly admission: A } | Failure> {
    const { id, dialect, request, query } = visitor;
    const { namespace, traits } = dialect;
    try {
      const address = addressOf(request);
      return {
        admission: await this.#options.admit({ namespace, traits, connection: id, token, query, auth: {}, address }),
      };
    } catch (error) {
      if (!(error instanceof Failure)) this.#options.onFault("admission", error);
      return this.#refused(visitor, toFailure(error));
    }
  }

  #refused({ dialect, request }: Visitor, failure: Failure): Failure {
    this.#options.onRefused?.(dialect.traits.speaks, failure.code, request);
    return failure;
  }

  #open({ request, socket, head }: Visitor, isStranger: boolean): Opened | undefined {
    const opened = this.#handshake.open(request, socket, head, isStranger);
    if (opened !== undefined) this.#waiting.set(socket, () => opened.ws.close(DRAINING.code, DRAINING.reason));
    return opened;
  }

  #arrive({ id, dialect, request, query, socket }: Visitor, opened: Opened, admission: A): void {
    this.#waiting.delete(socket);
    this.#onArrival({ ...opened, id, dialect, admission, request: keep(request, query) }, admission);
  }
}

/** The first frame, or undefined when none came in time. What follows it is held. */
function firstFrame({ ws, inbox }: Opened, timeoutMs: number): Promise<Received | undefined> {
  return new Promise((resolve) => {
    const settle = (frame: Received | undefined) => {
      clearTimeout(timer);
      inbox.hold();
      resolve(frame);
    };
    const timer = setTimeout(settle, timeoutMs, undefined);
    ws.once("close", () => settle(undefined));
    inbox.open(settle);
  });
}

function tokenIn(frame: Received | undefined): string | undefined {
  const value = frame === undefined || frame.isBinary ? undefined : parseJson(frame.data);
  if (!isObject(value) || value["type"] !== "auth") return undefined;
  return typeof value["token"] === "string" && value["token"] !== "" ? value["token"] : undefined;
}
