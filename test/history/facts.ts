// What is true of the messages of a run, from everything that was said of them: content, offset and id, and which offset is whose.

import { Numbers } from "./numbers.ts";
import type { Acknowledged, Delivered, HistoryRecord, Kept, Published, Subscribed } from "./records.ts";
import { hashOf } from "./records.ts";
import type { Violations } from "./violations.ts";

/** The offsets of one epoch: of each message, and whose each offset is. */
interface Epoch {
  /** By message number. */
  readonly offset: Numbers;
  /** By message number: the hash of the id. */
  readonly id: Numbers;
  /** By channel and offset: message number plus one. */
  readonly owner: Map<string, Numbers>;
}

/** Zero means none; offsets begin at 1. */
export class Facts {
  readonly #violations: Violations;
  /** The channel of a message, as a number; zero when it was never published. */
  readonly #channel = new Numbers();
  readonly #hash = new Numbers();
  readonly #ackedOffset = new Numbers();
  readonly #ackedId = new Numbers();
  readonly #ackedAt = new Numbers();
  readonly #kept = new Numbers();
  readonly #channels: string[] = [""];
  readonly #channelNumbers = new Map<string, number>();
  readonly #epochs = new Map<string, Epoch>();
  /** The log as it is in the end: the one that was read, or the last one that was named. */
  #final: Epoch = createEpoch();
  #audited = false;
  readonly counts = { published: 0, acknowledged: 0, kept: 0, delivered: 0 };

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** Takes what a record says of messages. All records first, then `finish`. */
  read(record: HistoryRecord): void {
    if (record.kind === "published") this.#published(record);
    else if (record.kind === "acknowledged") this.#acknowledged(record);
    else if (record.kind === "kept") this.#keptEvents(record);
    else if (record.kind === "delivered") this.#delivered(record);
    else if (record.kind === "subscribed") this.#subscribed(record);
  }

  /** Puts together what came from different sides, and looks for holes. */
  finish(): void {
    // Without another epoch, everything that was acknowledged belongs to the same log.
    const isOne = this.epochs <= 1;
    for (let number = 0; number < this.#ackedOffset.length; number++) {
      const offset = this.#ackedOffset.get(number);
      if (offset === 0 || !(isOne || this.#kept.get(number) > 0)) continue;
      this.#place(this.#final, this.#channelName(number), number, offset, this.#ackedId.get(number));
    }
    for (const [channel, owners] of this.#final.owner) {
      let first = 1;
      while (first < owners.length && owners.get(first) === 0) first++;
      for (let offset = first; offset < owners.length; offset++)
        if (owners.get(offset) === 0) this.#violations.add("hole", `${channel} has no event ${offset}`);
    }
  }

  /** Of how many logs there was talk. */
  get epochs(): number {
    return this.#epochs.size;
  }

  /** The highest offset of a channel in the log as it is in the end. */
  head(channel: string): number {
    return Math.max(0, (this.#final.owner.get(channel)?.length ?? 1) - 1);
  }

  /** The offset of a message in the log as it is in the end; zero when it is not in it, as far as anybody has said. */
  offsetOf(number: number): number {
    return this.#final.offset.get(number);
  }

  /** Whether the event at this offset was acknowledged to its publisher. */
  isAcknowledged(channel: string, offset: number): boolean {
    const owner = this.#final.owner.get(channel)?.get(offset) ?? 0;
    return owner > 0 && this.#ackedOffset.get(owner - 1) > 0;
  }

  /** Whether this is what was published under the number. */
  isPublished(number: number, channel: string, hash: number): boolean {
    const at = number < 0 ? 0 : this.#channel.get(number);
    return at > 0 && this.#channels[at] === channel && this.#hash.get(number) === hash;
  }

  /** Messages that were acknowledged, and are not in the log of the end (which was read): when the last of each channel was. */
  gone(): { channels: Map<string, { count: number; lastAt: number }>; count: number } {
    const channels = new Map<string, { count: number; lastAt: number }>();
    let count = 0;
    for (let number = 0; this.#audited && number < this.#ackedOffset.length; number++) {
      if (this.#ackedOffset.get(number) === 0 || this.#kept.get(number) > 0) continue;
      const name = this.#channelName(number);
      const gone = channels.get(name) ?? { count: 0, lastAt: 0 };
      gone.count++;
      gone.lastAt = Math.max(gone.lastAt, this.#ackedAt.get(number));
      channels.set(name, gone);
      count++;
    }
    return { channels, count };
  }

  #published({ events }: Published): void {
    for (const [number, channel, hash] of events) {
      let at = this.#channelNumbers.get(channel);
      if (at === undefined) {
        at = this.#channels.push(channel) - 1;
        this.#channelNumbers.set(channel, at);
      }
      this.#channel.set(number, at);
      this.#hash.set(number, hash);
      this.counts.published++;
    }
  }

  #acknowledged({ time, events }: Acknowledged): void {
    for (const [number, offset, id] of events) {
      const hash = hashOf(id) + 1;
      const [before, its] = [this.#ackedOffset.get(number), this.#ackedId.get(number)];
      if (before > 0 && (before !== offset || its !== hash))
        this.#violations.add("one event, two offsets", `${number} was acknowledged as ${before} and as ${offset}`);
      this.#ackedOffset.set(number, offset);
      this.#ackedId.set(number, hash);
      this.#ackedAt.set(number, time);
      if (before === 0) this.counts.acknowledged++;
    }
  }

  #keptEvents({ channel, epoch, events }: Kept): void {
    this.#audited = true;
    this.#final = this.#epoch(epoch);
    for (const [number, offset, id, hash] of events) {
      this.counts.kept++;
      this.#kept.set(number, offset);
      this.#place(this.#final, channel, number, offset, hashOf(id) + 1);
      if (!this.isPublished(number, channel, hash))
        this.#violations.add("phantom", `${channel} keeps ${number} as ${offset}, which was not published so`);
    }
  }

  #delivered({ channel, number, offset, id, epoch }: Delivered): void {
    this.counts.delivered++;
    if (offset === undefined || id === undefined || number < 0) return;
    this.#place(this.#epoch(epoch), channel, number, offset, hashOf(id) + 1);
  }

  #subscribed({ epoch }: Subscribed): void {
    if (epoch !== undefined) this.#epoch(epoch);
  }

  #epoch(name = ""): Epoch {
    const known = this.#epochs.get(name);
    if (known !== undefined) return known;
    const epoch = createEpoch();
    this.#epochs.set(name, epoch);
    if (!this.#audited) this.#final = epoch;
    return epoch;
  }

  #place(epoch: Epoch, channel: string, number: number, offset: number, id: number): void {
    const [itsOffset, itsId] = [epoch.offset.get(number), epoch.id.get(number)];
    if (itsOffset > 0 && (itsOffset !== offset || itsId !== id)) {
      const what = itsOffset === offset ? "two ids" : `the offsets ${itsOffset} and ${offset}`;
      this.#violations.add("one event, two offsets", `${number} in ${channel} has ${what}`);
      return;
    }
    epoch.offset.set(number, offset);
    epoch.id.set(number, id);
    let owners = epoch.owner.get(channel);
    if (owners === undefined) {
      owners = new Numbers();
      epoch.owner.set(channel, owners);
    }
    const owner = owners.get(offset);
    if (owner > 0 && owner !== number + 1)
      this.#violations.add("two events, one offset", `${channel} ${offset} is ${owner - 1} and ${number}`);
    else owners.set(offset, number + 1);
  }

  #channelName(number: number): string {
    return this.#channels[this.#channel.get(number)] ?? "";
  }
}

function createEpoch(): Epoch {
  return { offset: new Numbers(), id: new Numbers(), owner: new Map() };
}
