// What the raw engine is given: who may come in, what a connection may hold and send, and how long things take.
import type { AdmissionRequest } from "../connection/admission-request.ts";
import type { FlushSchedule } from "../connection/flush-schedule.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import type { Failure } from "../contract/errors.ts";
import type { DirectWriter } from "../web-socket/direct-write.ts";
import type { KeepAliveTimes } from "../web-socket/keep-alive.ts";
import type { UnsentLimits } from "../web-socket/send-queue.ts";
import type { Dialect } from "./codec.ts";

/** The engine's surroundings. `A` is whatever admission returns; the engine only carries it. */
export interface RawEngineOptions<A> {
  /** The table of dialects. */
  readonly dialects: readonly Dialect[];
  /** Lets a connection in, before the upgrade. Throws a `Failure` for one that may not. */
  readonly admit: (request: AdmissionRequest) => Promise<A>;
  /** Takes an admission back that came to nothing, because the client had gone or its namespace refused. May be called twice. */
  readonly release: (admission: A) => void;
  /** The rate of frames that never reach a namespace, malformed ones and pings; one for each connection. */
  readonly messageRate: () => () => RateVerdict;
  /** Told of every malformed frame. */
  readonly onMalformed?: () => void;
  /** The largest inbound message, in bytes; larger ones close with 1009. */
  readonly maxMessageBytes: number;
  /** Unsent bytes; the node's budget is shared with Socket.IO's own connections. */
  readonly unsent: UnsentLimits;
  /** Flushes what waits to be sent; shared with the other engines. */
  readonly flushes: FlushSchedule;
  /** Writes past Node's streams, where that can be done. */
  readonly directWriter?: DirectWriter | undefined;
  readonly keepAlive: KeepAliveTimes;
  /** Told of what is our fault; nothing of it reaches a client. */
  readonly onFault: (what: string, error: unknown) => void;
  /** Told why a connection was refused. */
  readonly onRefused?: (dialect: string, failure: Failure) => void;
  /** Times that tests shorten. */
  readonly times?: Partial<Times>;
}

/** Durations in milliseconds. */
export interface Times {
  /** How long the first frame with the token may take. */
  readonly authFrameMs: number;
  /** How long a connection that is refused by frame stays open where the dialect lingers. */
  readonly lingerMs: number;
  /** After durable frames, the ping whose pong says that they have arrived: what was sent within this time is repeated after a cut. */
  readonly ackPingMs: number;
  /** How long the other side may take to answer a close frame. */
  readonly closeTimeoutMs: number;
}

/** The documented times. */
export const TIMES: Times = { authFrameMs: 10_000, lingerMs: 10_000, ackPingMs: 100, closeTimeoutMs: 3000 };
