// Whether a WebSocket is read: whoever sends too much is made to wait by not reading on, until TCP itself stops them.
import type { Duplex } from "node:stream";
import { sliceReads } from "./sliced-reads.ts";

/** What is used of a WebSocket. */
export interface PausableWebSocket {
  pause(): void;
  resume(): void;
  terminate(): void;
}

/** Why a WebSocket is not read: nobody can take its frames yet, it is above its rate, or it ends for that. */
export type PauseReason = "held" | "rate" | "ended";

const BITS: Readonly<Record<PauseReason, number>> = { held: 1, rate: 2, ended: 4 };

/** Bytes that are handed on in one turn of the event loop: at first, and of one long message. */
const SLICE_BYTES = 1_024;
const MOST_BYTES = 16_384;
/** How long one that was closed for its rate may take to hang up, in milliseconds. */
const HANG_UP_MS = 3_000;

/** The reading of one WebSocket. While it is paused neither frames nor the end of the connection are noticed. */
export class Reading {
  readonly #ws: PausableWebSocket;
  readonly #slices: { most: number } | undefined;
  /** The reasons for which it is paused, as bits: there are as many of these as connections. */
  #reasons = 0;
  #timer: NodeJS.Timeout | undefined;
  #aboveUntil = Number.NEGATIVE_INFINITY;

  /** @param slices the most bytes that are handed on in one turn, where the WebSocket is read in slices */
  constructor(ws: PausableWebSocket, slices: { most: number } | undefined) {
    this.#ws = ws;
    this.#slices = slices;
  }

  /** The reading of a WebSocket of `ws`. `socket` is what it runs over; where it is not known, all is handled as it comes. */
  static of(ws: PausableWebSocket, socket: Duplex | undefined): Reading {
    return new Reading(ws, socket === undefined ? undefined : sliceReads(socket, SLICE_BYTES, MOST_BYTES));
  }

  /** It is above its rate at this moment: what has been read already is above it, too. */
  get isAboveRate(): boolean {
    return this.#timer !== undefined;
  }

  /** Reads nothing more until {@link resume} has been called for every reason. */
  pause(reason: PauseReason): void {
    if (this.#reasons === 0) this.#ws.pause();
    this.#reasons |= BITS[reason];
  }

  /** Reads on, unless there is another reason not to. */
  resume(reason: PauseReason): void {
    const before = this.#reasons;
    this.#reasons &= ~BITS[reason];
    if (before !== 0 && this.#reasons === 0) this.#ws.resume();
  }

  /** Reads nothing for `ms` milliseconds: the connection is above its rate. */
  pauseFor(ms: number): void {
    this.#aboveUntil = performance.now() + 2 * ms;
    if (this.#timer !== undefined) return;
    if (this.#slices !== undefined) this.#slices.most = SLICE_BYTES; // for good: it has been above its rate once
    this.pause("rate");
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.resume("rate");
    }, ms).unref();
  }

  /**
   * The connection has been closed by this side. If it was above its rate, nothing more of it is read, its close frame neither:
   * it is cut off after three seconds.
   */
  ended(): void {
    if (performance.now() > this.#aboveUntil) return;
    this.pause("ended");
    setTimeout(() => this.#ws.terminate(), HANG_UP_MS).unref();
  }
}
