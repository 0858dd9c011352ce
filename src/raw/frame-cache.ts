// The frame cache: a broadcast is encoded once per dialect, however many connections it goes to.

import { COMPRESS_ABOVE_BYTES, compressedFrame, textFrame } from "../web-socket/frame.ts";
import type { Dialect } from "./codec.ts";
import { readPacket, type ServerPacket } from "./packet.ts";

/** The options of a write, as Socket.IO gives them; one object for all recipients of a broadcast. */
export interface WriteOptions {
  readonly preEncoded?: boolean | undefined;
  readonly volatile?: boolean | undefined;
}

/** A dialect's frame, ready for any number of sockets. */
export class EncodedEvent {
  /** Where the event stands in its channel; undefined for what is not durable. */
  readonly durable: { readonly channel: string; readonly offset: number } | undefined;
  /** The id of the ack that the server wants for it. */
  readonly ackId: number | undefined;
  readonly #text: string | null;
  #plain: Buffer | undefined;
  #compressed: Buffer | undefined;

  constructor(text: string | null, durable?: EncodedEvent["durable"], ackId?: number) {
    this.#text = text;
    this.durable = durable;
    this.ackId = ackId;
  }

  /** The frame, for those who can read compressed ones or for all others; undefined when the dialect has none for the event. */
  frame(compressed: boolean): Buffer | undefined {
    if (this.#text === null) return undefined;
    this.#plain ??= textFrame(this.#text);
    if (!compressed || this.#plain.length <= COMPRESS_ABOVE_BYTES) return this.#plain;
    this.#compressed ??= smaller(compressedFrame(this.#text), this.#plain);
    return this.#compressed;
  }
}

interface Broadcast {
  readonly options: WriteOptions;
  readonly encoded: string;
  readonly packet: ServerPacket;
  readonly encodedFor: Map<Dialect, EncodedEvent>;
}

/** Encodes events for all connections of an engine. */
export class FrameCache {
  readonly #broadcasts = new WeakMap<object, Broadcast>();
  #latest: Broadcast | undefined;
  readonly #onFault: (error: unknown) => void;

  /** @param onFault told of packets that cannot be read; they are not sent */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** The frame for an event packet. */
  encode(dialect: Dialect, encoded: string, options: WriteOptions | undefined): EncodedEvent {
    // Only a broadcast comes with the same options again; what goes to one connection would fill the map for nothing.
    if (options?.preEncoded !== true) return this.#encode(dialect, this.read(encoded));
    const broadcast = this.#broadcastOf(options, encoded);
    let event = broadcast.encodedFor.get(dialect);
    if (event === undefined) {
      event = this.#encode(dialect, broadcast.packet);
      broadcast.encodedFor.set(dialect, event);
    }
    return event;
  }

  /** The broadcast that is going on, or one that began before another. */
  #broadcastOf(options: WriteOptions, encoded: string): Broadcast {
    const latest = this.#latest;
    if (latest?.options === options && latest.encoded === encoded) return latest;
    let broadcast = this.#broadcasts.get(options);
    if (broadcast?.encoded !== encoded) {
      broadcast = { options, encoded, packet: this.read(encoded), encodedFor: new Map() };
      this.#broadcasts.set(options, broadcast);
    }
    this.#latest = broadcast;
    return broadcast;
  }

  /** Reads a packet of any kind. */
  read(encoded: string): ServerPacket {
    try {
      return readPacket(encoded);
    } catch (error) {
      this.#onFault(error);
      return { type: "other" };
    }
  }

  #encode(dialect: Dialect, packet: ServerPacket): EncodedEvent {
    if (packet.type !== "event") return NOTHING;
    const { event, args, ackId } = packet;
    try {
      const text = dialect.codec.encode(event, args, Date.now());
      return new EncodedEvent(text, text === null ? undefined : durableOf(args[1]), ackId);
    } catch (error) {
      this.#onFault(error); // nested so deep that it cannot be printed again
      return NOTHING;
    }
  }
}

const NOTHING = new EncodedEvent(null);

function durableOf(meta: unknown): EncodedEvent["durable"] {
  if (typeof meta !== "object" || meta === null) return undefined;
  const { channel, offset } = meta as { channel?: unknown; offset?: unknown };
  if (typeof channel !== "string" || typeof offset !== "number" || !Number.isSafeInteger(offset)) return undefined;
  return { channel, offset };
}

function smaller(a: Buffer, b: Buffer): Buffer {
  return a.length < b.length ? a : b;
}
