// A steady load on a log and on study time that remembers what was acknowledged, for tests that break the database under it.
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../src/contract/errors.ts";
import type { EventLog } from "../../src/event-log/event-log.ts";
import type { StudyTimeService } from "../../src/services/study-time.ts";
import type { Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";

/** What a load has been told so far. */
export interface Load {
  /** `channel/offset` → the number in the event's data, of every append that was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** The largest total that was acknowledged, by user. */
  readonly totals: ReadonlyMap<string, number>;
  /** Codes of the refusals, counted; anything that is no Failure under its message. */
  readonly refusals: ReadonlyMap<string, number>;
  /** How long the slowest refusal took, in milliseconds. */
  longestMs(): number;
  /** Ends it; resolves when the last call is answered. */
  stop(): Promise<void>;
}

const CHANNELS = 5;
const USERS = 10;

/** Starts 20 publishers and 10 learners, each of whom goes on as soon as it is answered, whatever the answer. */
export function startLoad(log: EventLog, studyTime: StudyTimeService, connectedAt: number): Load {
  const acknowledged = new Map<string, number>();
  const totals = new Map<string, number>();
  const refusals = new Map<string, number>();
  let running = true;
  let next = 0;
  let longest = 0;
  const repeat = async (call: () => Promise<void>): Promise<void> => {
    while (running) {
      const start = performance.now();
      try {
        await call();
      } catch (error) {
        const code = error instanceof Failure ? error.code : String(error);
        refusals.set(code, (refusals.get(code) ?? 0) + 1);
        longest = Math.max(longest, performance.now() - start);
        await sleep(5); // as a caller would, who must not take all the time there is
      }
    }
  };
  const publish = async (): Promise<void> => {
    next += 1;
    const n = next;
    const { event } = await log.append(anyEvent({ channel: `rooms/load-${n % CHANNELS}`, event: "e", data: { n } }));
    acknowledged.set(`${event.channel}/${event.offset}`, n);
  };
  const study = (user: string) => async (): Promise<void> => {
    const total = await studyTime.credit(user, "course", connectedAt);
    totals.set(user, Math.max(total, totals.get(user) ?? 0));
  };
  const calls = [
    ...Array.from({ length: 20 }, () => repeat(publish)),
    ...Array.from({ length: USERS }, (_, index) => repeat(study(`user-${index}`))),
  ];
  return {
    acknowledged,
    totals,
    refusals,
    longestMs: () => longest,
    async stop() {
      running = false;
      await Promise.all(calls);
    },
  };
}

/** Everything that is wrong with what the database holds, compared with what was acknowledged. Empty: all is well. */
export async function problems(store: Store, load: Pick<Load, "acknowledged" | "totals">): Promise<string[]> {
  const found: string[] = [];
  const events = await store.query<{ channel: string; seq: number; data: { n: number } }>(
    "SELECT channel, seq, data FROM channel_events ORDER BY channel, seq",
    [],
  );
  const kept = new Map(events.map(({ channel, seq, data }) => [`${channel}/${seq}`, data.n]));
  for (const [place, n] of load.acknowledged) {
    if (kept.get(place) !== n) found.push(`${place} was acknowledged with ${n}, and is ${kept.get(place)}`);
  }
  const heads = await store.query<{ name: string; head: number }>("SELECT name, head FROM channels", []);
  for (const { name, head } of heads) {
    const offsets = events.flatMap(({ channel, seq }) => (channel === name ? [seq] : []));
    if (offsets.length !== head || offsets.some((seq, index) => seq !== index + 1)) found.push(`${name} has holes`);
  }
  const studied = await store.query<{ user_id: string; millis: number }>("SELECT user_id, millis FROM study_time", []);
  const totals = new Map(studied.map(({ user_id, millis }) => [user_id, Math.floor(millis / 1000)]));
  for (const [user, total] of load.totals) {
    if ((totals.get(user) ?? -1) < total) found.push(`${user} was told ${total} s and has ${totals.get(user)}`);
  }
  return found;
}
