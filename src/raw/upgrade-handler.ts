// Handling upgrades: admission before the upgrade (or after the first frame, where that brings the token), then the open connection.
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { addressOf, type Query, queryOf, tokenOf } from "../connection/request.ts";
import { Failure, toFailure } from "../contract/errors.ts";
import { DRAINING } from "./close-frame.ts";
import { type Dialect, isObject } from "./codec.ts";
import type { AcceptedConnection } from "./connection.ts";
import { Handshake, type Opened } from "./handshake.ts";
import { keptRequest } from "./kept-request.ts";
import { parseJson } from "./message-handler.ts";
import type { RawEngineOptions, Times } from "./options.ts";
import type { Received } from "./receive-buffer.ts";
import { isRefusedByHttp, refuseByFrame, refuseByHttp } from "./refusal.ts";

/** An upgrade request that has not been decided on. */
interface PendingUpgrade {
  readonly id: string;
  readonly dialect: Dialect;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly query: Query;
  readonly token: string | undefined;
}

/** Accepts upgrade requests or rejects them. */
export class UpgradeHandler<A> {
  readonly #options: RawEngineOptions<A>;
  readonly #times: Times;
  readonly #handshake: Handshake;
  readonly #onAccepted: (accepted: AcceptedConnection, admission: A) => void;
  /** Upgrades that are not decided on yet, with how to reject them. */
  readonly #waiting = new Map<Duplex, () => void>();
  #closed = false;

  constructor(
    options: RawEngineOptions<A>,
    times: Times,
    onAccepted: (accepted: AcceptedConnection, admission: A) => void,
  ) {
    this.#options = options;
    this.#times = times;
    this.#onAccepted = onAccepted;
    this.#handshake = new Handshake(options.maxMessageBytes, times.closeTimeoutMs);
  }

  /** How many are being decided on, or stay open for a while after a refusal. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes an upgrade request. Never throws. */
  handle(dialect: Dialect, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const query = queryOf(request.url);
    const token = tokenOf(request.headers.authorization, query);
    if (this.#closed) {
      socket.on("error", () => socket.destroy());
      refuseByHttp(socket, dialect, new Failure("SERVER_ERROR"), token);
      return;
    }
    const id = randomBytes(15).toString("base64url");
    const pending = { id, dialect, request, socket, head, query, token };
    this.#waiting.set(socket, () => refuseByHttp(socket, dialect, new Failure("SERVER_ERROR"), token));
    socket.once("close", () => this.#waiting.delete(socket));
    const work = dialect.authFrame && !token && !query["token"] ? this.#byFrame(pending) : this.#byRequest(pending);
    work.catch((error: unknown) => {
      this.#options.onFault("upgrade", error);
      socket.destroy();
    });
  }

  /** Rejects all that are not decided on yet. */
  close(): void {
    this.#closed = true;
    for (const reject of this.#waiting.values()) reject();
  }

  async #byRequest(pending: PendingUpgrade): Promise<void> {
    const { dialect, socket, token } = pending;
    const destroy = () => void socket.destroy();
    socket.on("error", destroy);
    const admitted = await this.#admit(pending, token);
    socket.off("error", destroy);
    if (admitted instanceof Failure) {
      if (isRefusedByHttp(dialect, admitted)) {
        socket.on("error", destroy);
        refuseByHttp(socket, dialect, admitted, token);
        return;
      }
      const opened = this.#open(pending, true);
      if (opened !== undefined) refuseByFrame(opened, dialect, admitted, this.#times.lingerMs);
      return;
    }
    const opened = this.#closed || socket.destroyed ? undefined : this.#open(pending, false);
    if (opened === undefined) this.#options.release(admitted.admission);
    else this.#accepted(pending, opened, admitted.admission);
  }

  async #byFrame(pending: PendingUpgrade): Promise<void> {
    const opened = this.#open(pending, true);
    if (opened === undefined) return;
    const token = tokenIn(await firstFrame(opened, this.#times.authFrameMs));
    const admitted =
      token === undefined ? this.#refused(pending, new Failure("AUTH_FAILED")) : await this.#admit(pending, token);
    if (admitted instanceof Failure) {
      refuseByFrame(opened, pending.dialect, admitted, this.#times.lingerMs);
    } else if (this.#closed || opened.ws.readyState !== opened.ws.OPEN) {
      this.#options.release(admitted.admission);
    } else {
      this.#accepted(pending, opened, admitted.admission);
    }
  }

  async #admit(pending: PendingUpgrade, token: string | undefined): Promise<{ readonly admission: A } | Failure> {
    const { id, dialect, request, query } = pending;
    const { namespace, traits } = dialect;
    try {
      const address = addressOf(request);
      return {
        admission: await this.#options.admit({ namespace, traits, connection: id, token, query, auth: {}, address }),
      };
    } catch (error) {
      if (!(error instanceof Failure)) this.#options.onFault("admission", error);
      return this.#refused(pending, toFailure(error));
    }
  }

  #refused({ dialect }: PendingUpgrade, failure: Failure): Failure {
    this.#options.onRefused?.(dialect.traits.speaks, failure);
    return failure;
  }

  #open({ request, socket, head }: PendingUpgrade, isUnauthenticated: boolean): Opened | undefined {
    const opened = this.#handshake.open(request, socket, head, isUnauthenticated);
    if (opened !== undefined) this.#waiting.set(socket, () => opened.ws.close(DRAINING.code, DRAINING.reason));
    return opened;
  }

  #accepted({ id, dialect, request, query, socket }: PendingUpgrade, opened: Opened, admission: A): void {
    this.#waiting.delete(socket);
    this.#onAccepted({ ...opened, id, dialect, admission, request: keptRequest(request, query) }, admission);
  }
}

/** The first frame, or undefined when none came in time. What follows it is held. */
function firstFrame({ ws, receiveBuffer }: Opened, timeoutMs: number): Promise<Received | undefined> {
  return new Promise((resolve) => {
    const settle = (frame: Received | undefined) => {
      clearTimeout(timer);
      receiveBuffer.hold();
      resolve(frame);
    };
    const timer = setTimeout(settle, timeoutMs, undefined);
    ws.once("close", () => settle(undefined));
    receiveBuffer.open(settle);
  });
}

function tokenIn(frame: Received | undefined): string | undefined {
  const value = frame === undefined || frame.isBinary ? undefined : parseJson(frame.data);
  if (!isObject(value) || value["type"] !== "auth") return undefined;
  return typeof value["token"] === "string" && value["token"] !== "" ? value["token"] : undefined;
}
