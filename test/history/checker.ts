// Reads the history of a run and says what is wrong with it. Two passes over the files: what is true of the messages, then who got what.
import { ChannelJudge } from "./client-judge.ts";
import { Conduct } from "./conduct.ts";
import { Facts } from "./facts.ts";
import { readHistory } from "./files.ts";
import type { Delivered, HistoryRecord, Promised } from "./records.ts";
import { type Breach, type Rule, Violations } from "./violations.ts";

/** What a history amounts to. */
export interface Verdict {
  /** Empty for a healthy run. */
  readonly violations: Readonly<Partial<Record<Rule, Breach>>>;
  readonly figures: {
    readonly published: number;
    readonly acknowledged: number;
    readonly delivered: number;
    /** Events read from the log at the end. */
    readonly kept: number;
    readonly clients: number;
    /** How many logs there were: more than one after a database was put back. */
    readonly epochs: number;
    /** Acknowledged, and in no log any more: a fault took them. */
    readonly gone: number;
    /** `recovered: false` was said so often. */
    readonly unrecovered: number;
    /** Of the gone ones, how many raw clients could not be told: their dialects have no word for it. */
    readonly untold: number;
  };
}

/**
 * Judges the files of a run: several processes may write one each. They are read one after the other: limits and revocations hold
 * for the files behind theirs, and a client, and all connections of a user, belong in one file.
 */
export function check(paths: readonly string[]): Verdict {
  const violations = new Violations();
  const facts = new Facts(violations);
  for (const path of paths) for (const record of readHistory(path)) facts.read(record);
  facts.finish();
  const judge = new Judge(facts, violations);
  for (const path of paths) for (const record of readHistory(path)) judge.read(record);
  return judge.finish();
}

class Judge {
  readonly #facts: Facts;
  readonly #violations: Violations;
  readonly #conduct: Conduct;
  readonly #promised = new Map<string, Promised>();
  readonly #channels = new Map<string, { client: string; channel: string; judge: ChannelJudge }>();
  #unrecovered = 0;
  #last = 0;

  constructor(facts: Facts, violations: Violations) {
    this.#facts = facts;
    this.#violations = violations;
    this.#conduct = new Conduct(violations);
  }

  read(record: HistoryRecord): void {
    this.#last = Math.max(this.#last, record.time);
    const conduct = this.#conduct;
    if (record.kind === "limits") conduct.limits(record);
    else if (record.kind === "opened") {
      this.#promised.set(record.client, record.promised);
      conduct.opened(record);
    } else if (record.kind === "closed") conduct.closed(record);
    else if (record.kind === "handled") conduct.handled(record);
    else if (record.kind === "revoked") conduct.revoked(record);
    else if (record.kind === "granted") conduct.granted(record);
    else if (record.kind === "acked") this.#of(record).acked(record);
    else if (record.kind === "delivered") this.#delivered(record);
    else if (record.kind === "settled") this.#of(record).settled();
    else if (record.kind === "subscribed") {
      if (!record.recovered) this.#unrecovered++;
      this.#of(record).subscribed(record);
    }
  }

  finish(): Verdict {
    const gone = this.#facts.gone();
    let untold = 0;
    for (const { channel, judge } of this.#channels.values()) untold += judge.finish(gone.channels.get(channel));
    this.#conduct.finish(this.#last);
    return {
      violations: this.#violations.all,
      figures: {
        ...this.#facts.counts,
        clients: this.#promised.size,
        epochs: this.#facts.epochs,
        gone: gone.count,
        unrecovered: this.#unrecovered,
        untold,
      },
    };
  }

  #delivered(record: Delivered): void {
    const { client, channel, number, hash } = record;
    this.#conduct.delivered(record);
    if (this.#facts.isPublished(number, channel, hash)) this.#of(record).delivered(record);
    else this.#violations.add("phantom", `${client} got ${number} on ${channel}, which was not published so`);
  }

  #of({ client, channel }: { client: string; channel: string }): ChannelJudge {
    const name = `${client} ${channel}`;
    const known = this.#channels.get(name);
    if (known !== undefined) return known.judge;
    const judge = new ChannelJudge(
      client,
      channel,
      this.#promised.get(client) ?? "once",
      this.#facts,
      this.#violations,
    );
    this.#channels.set(name, { client, channel, judge });
    return judge;
  }
}
