// What one client got of one channel, held against what it was promised: everything, in order, and (Socket.IO) once.
import type { Facts } from "./facts.ts";
import { Ranges } from "./numbers.ts";
import type { Acked, Delivered, Promised, Subscribed } from "./records.ts";
import type { Rule, Violations } from "./violations.ts";

/** How a client came to miss something: it was told nothing of it, or that nothing is missing. */
type Missing = Extract<Rule, "lost" | "false recovery">;

/** One client and one channel. */
export class ChannelJudge {
  readonly #who: string;
  readonly #channel: string;
  readonly #promised: Promised;
  readonly #facts: Facts;
  readonly #violations: Violations;
  /** The offset that must come next; undefined before the first subscription. */
  #next: number | undefined;
  /** Offsets that were passed over. */
  readonly #missing = new Ranges<Missing>();
  /** What it would mean if the very next event were not the next one. */
  #meaning: Missing = "lost";
  #connection = -1;
  #lastOnConnection = 0;
  #acked = 0;
  #firstAt = 0;
  #toldAt = 0;
  #epoch: string | undefined;

  constructor(who: string, channel: string, promised: Promised, facts: Facts, violations: Violations) {
    this.#who = `${who} on ${channel}`;
    this.#channel = channel;
    this.#promised = promised;
    this.#facts = facts;
    this.#violations = violations;
  }

  /** Where the client is to go on. Only `recovered: false` lets something be missing: what lies before the replay. */
  subscribed({ time, since, epoch, offset, replayed, recovered }: Subscribed): void {
    const position = offset - replayed;
    if (this.#firstAt === 0) this.#firstAt = time;
    if (!recovered) this.#toldAt = time;
    if (this.#promised === "at-least-once") {
      // It says no `since`, and what it has had it may get again.
      this.#next ??= position + 1;
      return;
    }
    if (since === undefined && recovered && epoch === this.#epoch && position < this.#acked)
      this.#violations.add(
        "acked again",
        `${this.#who}: ${this.#acked} was acknowledged, replay begins at ${position}`,
      );
    if (epoch !== this.#epoch) this.#acked = 0;
    this.#epoch = epoch;
    this.#meaning = recovered && since !== undefined ? "false recovery" : "lost";
    if (!recovered) this.#begin(position + 1);
    else if (since !== undefined) this.#begin(since + 1);
    else this.#next ??= position + 1;
  }

  /** The server has heard that the client has handled everything up to here. */
  acked({ offset }: Acked): void {
    this.#acked = Math.max(this.#acked, offset);
  }

  /** One event. */
  delivered({ connection, number, offset: said }: Delivered): void {
    const offset = said ?? this.#facts.offsetOf(number);
    if (offset === 0) return; // in no log that is known: whether it may be so is judged by who acknowledged it
    if (connection !== this.#connection) this.#lastOnConnection = 0;
    this.#connection = connection;
    this.#next ??= offset;
    if (offset >= this.#next) {
      this.#missing.add(this.#next, offset - 1, this.#meaning);
      this.#next = offset + 1;
      this.#meaning = "lost";
    } else {
      const isLate = this.#missing.take(offset);
      const goesBack = offset < this.#lastOnConnection;
      if (this.#promised === "once" ? isLate : goesBack)
        this.#violations.add("disordered", `${this.#who}: ${offset} came after ${this.#last()}`);
      else if (this.#promised === "once")
        this.#violations.add("duplicate", `${this.#who}: ${offset} came twice (message ${number})`);
    }
    this.#lastOnConnection = offset;
  }

  /** The run has waited for it: it has everything, or something is lost. */
  settled(): void {
    if (this.#next === undefined) return;
    this.#missing.add(this.#next, this.#facts.head(this.#channel), this.#meaning);
    this.#next = Math.max(this.#next, this.#facts.head(this.#channel) + 1);
  }

  /**
   * The end of the history.
   * @param gone what was acknowledged on this channel and is in no log any more
   * @returns how many of those a raw client missed, whose dialect cannot say `recovered: false`
   */
  finish(gone: { count: number; lastAt: number } | undefined): number {
    for (const { from, to, label } of this.#missing.all) {
      let count = 0;
      for (let offset = from; offset <= to; offset++) if (this.#facts.isAcknowledged(this.#channel, offset)) count++;
      if (count > 0) this.#violations.add(label, `${this.#who}: ${from} to ${to} never came`, count);
    }
    if (gone === undefined || this.#firstAt > gone.lastAt) return 0;
    if (this.#promised === "at-least-once") return gone.count;
    if (this.#toldAt < gone.lastAt)
      this.#violations.add(
        "lost",
        `${this.#who}: ${gone.count} are in no log any more, and it was not told`,
        gone.count,
      );
    return 0;
  }

  #begin(next: number): void {
    this.#next = next;
    if (next === 1) this.#missing.clear();
  }

  #last(): number {
    return Math.max(this.#lastOnConnection, (this.#next ?? 1) - 1);
  }
}
