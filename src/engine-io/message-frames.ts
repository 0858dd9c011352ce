// The frames around Socket.IO's packets: what goes to many is framed and compressed once, and shared by all of them.
import { COMPRESS_ABOVE_BYTES, compressedFrame, textFrame } from "../web-socket/frame.ts";

/** The options of a write, as Socket.IO gives them; one object for all recipients of a broadcast. */
export interface WriteOptions {
  readonly preEncoded?: boolean | undefined;
}

interface Broadcast {
  readonly options: WriteOptions;
  readonly encoded: string;
  plain: Buffer | undefined;
  compressed: Buffer | undefined;
}

/** Frames packets as Engine.IO's messages. */
export class MessageFrames {
  readonly #broadcasts = new WeakMap<object, Broadcast>();
  #latest: Broadcast | undefined;

  /** The frame of a packet; of a large one compressed, for whoever reads that. */
  of(encoded: string, options: WriteOptions | undefined, deflates: boolean): Buffer {
    const compresses = deflates && encoded.length > COMPRESS_ABOVE_BYTES;
    // Only a broadcast comes with the same options again.
    if (options?.preEncoded !== true) return compresses ? compressedFrame(`4${encoded}`) : textFrame(`4${encoded}`);
    const broadcast = this.#broadcastOf(options, encoded);
    if (compresses) {
      broadcast.compressed ??= compressedFrame(`4${encoded}`);
      return broadcast.compressed;
    }
    broadcast.plain ??= textFrame(`4${encoded}`);
    return broadcast.plain;
  }

  /** The broadcast that is going on, or one that began before another. */
  #broadcastOf(options: WriteOptions, encoded: string): Broadcast {
    const latest = this.#latest;
    if (latest?.options === options && latest.encoded === encoded) return latest;
    let broadcast = this.#broadcasts.get(options);
    if (broadcast?.encoded !== encoded) {
      broadcast = { options, encoded, plain: undefined, compressed: undefined };
      this.#broadcasts.set(options, broadcast);
    }
    this.#latest = broadcast;
    return broadcast;
  }
}
