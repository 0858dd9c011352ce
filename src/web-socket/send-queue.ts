// What one connection still has to send: whole frames, in order, in as few writes as possible, and never more than it may hold.
import type { Duplex } from "node:stream";
import type { Flushable, FlushSchedule } from "../connection/flush-schedule.ts";
import type { UnsentBudget } from "../connection/unsent-budget.ts";
import type { DirectWriteOwner, DirectWriter } from "./direct-write.ts";

/** Above this many unsent bytes a connection counts as slow: volatile events are dropped, and it goes first when the node is short. */
export const SLOW_BYTES = 65_536;
/** A tick's frames are written before its end when they are more than this, so that one write stays small. */
const WRITE_BYTES = 65_536;
/** Frames of one write that are copied into one. */
const COPY_BYTES = 8_192;
/** What a queued frame of its own costs beyond its bytes: the Buffer, and its share of what the allocator leaves unused. */
const FRAME_OVERHEAD_BYTES = 200;

/** How much may be unsent. */
export interface UnsentLimits {
  /** Bytes of one connection above which it is cut off. */
  readonly maxBufferedBytes: number;
  /** Those of the whole node. */
  readonly budget: UnsentBudget;
}

/** What send queues share. */
export interface SendQueueContext {
  readonly flushes: FlushSchedule;
  readonly unsent: UnsentLimits;
  /** Writes past Node's streams, where that can be done. */
  readonly directWriter: DirectWriter | undefined;
}

/** What a send queue tells its connection. */
export interface SendQueueOwner {
  /** The limit of unsent bytes is passed: end the connection at once. */
  overflowed(): void;
  /** Nothing is unsent any more. */
  emptied(): void;
}

/**
 * The send queue of one connection. What the kernel does not take at once is the one outstanding write; what comes meanwhile waits
 * here, 8 bytes a frame, since frames are shared by all recipients of a broadcast.
 */
export class SendQueue implements Flushable, DirectWriteOwner {
  /** See {@link Flushable}. */
  listed = 0;
  readonly #socket: Duplex;
  readonly #context: SendQueueContext;
  readonly #owner: SendQueueOwner;
  /** Where its socket can be written to directly. */
  readonly #directWriter: DirectWriter | undefined;
  /** What waits: one frame, or all of them in the queue. */
  #single: Buffer | undefined;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Writes whose callback has not come, and the bytes of those that the kernel did not take at once. */
  #writes = 0;
  #outstandingBytes = 0;
  /** What the node's budget knows of. */
  #accounted = 0;
  #onWritten: (() => void) | undefined;
  #isWatched = false;
  #closed = false;

  constructor(socket: Duplex, owner: SendQueueOwner, context: SendQueueContext) {
    this.#socket = socket;
    this.#owner = owner;
    this.#context = context;
    this.#directWriter = context.directWriter?.serves(socket) ? context.directWriter : undefined;
  }

  /** Bytes that the kernel has not taken. Whoever has seen some is told when there are none left. */
  get bytes(): number {
    const bytes = this.#queuedBytes + this.#outstandingBytes;
    if (bytes > 0) this.#isWatched = true;
    return bytes;
  }

  /** True while the kernel takes nothing more. */
  get blocked(): boolean {
    return this.#outstandingBytes > 0;
  }

  /** Sends a frame at the end of this tick or soon after, or when the client has taken what was sent before. */
  push(frame: Buffer): void {
    if (this.#closed) return;
    if (this.#queuedBytes === 0 && !this.blocked) {
      this.#single = frame; // the usual case costs no array
      this.#queuedBytes = frame.length;
      this.#context.flushes.add(this);
      return;
    }
    if (this.blocked && this.#isFull()) {
      this.#owner.overflowed();
      return;
    }
    this.#unite();
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    if (this.blocked) this.#account();
    else if (this.#queuedBytes > WRITE_BYTES) this.flush();
    else this.#context.flushes.add(this);
  }

  /** Writes what waits, unless a write is outstanding. */
  flush(): void {
    if (this.#queuedBytes === 0 || this.blocked) return;
    if (!this.#socket.writable) {
      this.discard(); // the client has said goodbye and was answered: nothing may follow a close frame
      return;
    }
    const single = this.#single;
    if (single !== undefined) {
      this.#single = undefined;
      this.#queuedBytes = 0;
      this.#write(single);
    } else {
      while (this.#queue.length > 0 && !this.blocked) this.#writeQueued(WRITE_BYTES);
    }
    if (this.blocked) this.#account();
    else if (this.#isWatched) this.#drained();
  }

  /** Hands everything to the socket, for frames that must come before a close frame. Nothing can be pushed after. */
  end(): void {
    this.#unite();
    if (this.#queue.length > 0) this.#writeQueued(Number.POSITIVE_INFINITY);
    this.discard();
  }

  /** Forgets what waits. */
  discard(): void {
    this.#closed = true;
    this.#single = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#outstandingBytes = 0;
    this.#account();
  }

  /** A second frame has come: all wait in the queue. */
  #unite(): void {
    if (this.#single === undefined) return;
    this.#queue.push(this.#single);
    this.#single = undefined;
  }

  /** Writes the next frames, at least one and at most `maxBytes`, in one write. */
  #writeQueued(maxBytes: number): void {
    let bytes = 0;
    let count = 0;
    for (const frame of this.#queue) {
      if (count > 0 && bytes + frame.length > maxBytes) break;
      bytes += frame.length;
      count++;
    }
    const frames = this.#queue.splice(0, count);
    this.#queuedBytes -= bytes;
    // One copy costs less than a vector of frames, but what a slow client does not take must not be held twice.
    if (bytes <= COPY_BYTES) {
      this.#write(Buffer.concat(frames, bytes));
      return;
    }
    this.#socket.cork();
    for (const frame of frames) this.#write(frame);
    this.#socket.uncork();
  }

  #write(bytes: Buffer): void {
    const socket = this.#socket;
    const outcome = this.#directWriter?.write(socket, bytes, this);
    if (outcome === "taken") return;
    if (outcome === "broken") {
      socket.destroy();
      return;
    }
    this.#writes++;
    if (outcome === "waiting") {
      this.#outstandingBytes += bytes.length;
      return;
    }
    this.#onWritten ??= () => this.written();
    socket.write(bytes, this.#onWritten);
    // The kernel has taken it all, as it nearly always does, when nothing is left in the socket.
    if (socket.writableLength > 0) this.#outstandingBytes += bytes.length;
  }

  /** For its writes: one is done. */
  written(): void {
    if (--this.#writes > 0 || !this.blocked) return;
    this.#outstandingBytes = 0;
    if (this.#queuedBytes > 0) this.flush();
    else this.#drained();
    this.#account();
  }

  #drained(): void {
    this.#isWatched = false;
    this.#owner.emptied();
  }

  #isFull(): boolean {
    const size = this.#size();
    return size > this.#context.unsent.maxBufferedBytes || (size > SLOW_BYTES && this.#context.unsent.budget.exceeded);
  }

  #size(): number {
    return this.#queuedBytes + this.#outstandingBytes + this.#queue.length * FRAME_OVERHEAD_BYTES;
  }

  #account(): void {
    const size = this.blocked ? this.#size() : 0;
    this.#context.unsent.budget.add(size - this.#accounted);
    this.#accounted = size;
  }
}
