// Handling upgrades: admission before the upgrade (or after the first frame, where that brings the token), then the open connection.
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { keptRequest } from "../connection/kept-request.ts";
import { addressOf, type Query, queryOf, tokenOf } from "../connection/request.ts";
import { Failure, toFailure } from "../contract/errors.ts";
import type { Received } from "../web-socket/held-messages.ts";
import { DRAINING } from "./close-frame.ts";
import { type Dialect, isObject } from "./codec.ts";
import type { AcceptedConnection } from "./connection.ts";
import { type Opened, openWebSocket } from "./handshake.ts";
import { parseJson } from "./message-handler.ts";
import type { RawEngineOptions, Times } from "./options.ts";
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
  /** It waits no more. */
  readonly forget: () => void;
}

/** Accepts upgrade requests or rejects them. */
export class UpgradeHandler<A> {
  readonly #options: RawEngineOptions<A>;
  readonly #times: Times;
  readonly #onAccepted: (accepted: AcceptedConnection) => void;
  /** Upgrades that are not decided on yet, with how to reject them. */
  readonly #waiting = new Map<Duplex, () => void>();
  #closed = false;

  constructor(options: RawEngineOptions<A>, times: Times, onAccepted: (accepted: AcceptedConnection) => void) {
    this.#options = options;
    this.#times = times;
    this.#onAccepted = onAccepted;
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
    const forget = (): void => void this.#waiting.delete(socket);
    const pending = { id, dialect, request, socket, head, query, token, forget };
    this.#waiting.set(socket, () => refuseByHttp(socket, dialect, new Failure("SERVER_ERROR"), token));
    socket.once("close", forget);
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
    const token = tokenIn(await opened.early.first(this.#times.authFrameMs));
    const admitted =
      token === undefined ? this.#refused(pending, new Failure("AUTH_FAILED")) : await this.#admit(pending, token);
    if (admitted instanceof Failure) {
      refuseByFrame(opened, pending.dialect, admitted, this.#times.lingerMs);
    } else if (this.#closed || opened.webSocket.state !== "open") {
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
    const { maxMessageBytes } = this.#options;
    const { closeTimeoutMs } = this.#times;
    const opened = openWebSocket(request, socket, head, isUnauthenticated, { maxMessageBytes, closeTimeoutMs });
    if (opened !== undefined) this.#waiting.set(socket, () => opened.webSocket.close(DRAINING.code, DRAINING.reason));
    return opened;
  }

  #accepted({ id, dialect, request, query, socket, forget }: PendingUpgrade, opened: Opened, admission: A): void {
    forget();
    socket.off("close", forget);
    const { webSocket, deflates, early } = opened;
    const accepted = {
      id,
      dialect,
      admission,
      request: keptRequest(request, query),
      webSocket,
      deflates,
      held: early.held,
    };
    this.#onAccepted(accepted);
  }
}

function tokenIn(frame: Received | undefined): string | undefined {
  const value = frame === undefined || frame.isBinary ? undefined : parseJson(frame.data);
  if (!isObject(value) || value["type"] !== "auth") return undefined;
  return typeof value["token"] === "string" && value["token"] !== "" ? value["token"] : undefined;
}
