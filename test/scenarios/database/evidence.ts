// What must be true after a fault: the log holds all that was acknowledged, and every subscriber has heard the log.
import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { call } from "../flow.ts";
import type { Ledger } from "./ledger.ts";
import { COURSE } from "./students.ts";
import { nameOf, type Subscriber } from "./subscribers.ts";

interface Kept {
  readonly offset: number;
  readonly data: Parameters<typeof nameOf>[0];
}

/** Offsets without holes, no event twice, every acknowledged one in its place, and each subscriber with all of them in order. */
export async function checkEvents(url: string, ledger: Ledger, subscribers: readonly Subscriber[]): Promise<void> {
  for (const channel of new Set(subscribers.map((subscriber) => subscriber.channel))) {
    const events = await eventsOf(url, channel);
    const offsets = events.map(({ offset }) => offset);
    const names = events.map(({ data }) => nameOf(data));
    assert.deepEqual(
      offsets,
      [...offsets.keys()].map((index) => index + 1),
      `offsets of ${channel}`,
    );
    assert.equal(new Set(names).size, names.length, `different events on ${channel}`);

    const placeOf = new Map(names.map((name, index) => [name, index + 1]));
    const acknowledged = ledger.acknowledged.filter((event) => event.channel === channel);
    const missing = acknowledged.filter(({ name, offset }) => {
      const place = placeOf.get(name);
      return place === undefined || (offset !== undefined && offset !== place);
    });
    assert.deepEqual(missing, [], `acknowledged on ${channel} and not there`);

    for (const { who, names: heard, offsets: numbers } of subscribers.filter((one) => one.channel === channel)) {
      await eventually(() => assert.equal(heard().length, names.length, who) ?? true);
      assert.deepEqual(heard(), names, who);
      assert.deepEqual(numbers() ?? offsets, offsets, who);
    }
  }
}

/** No study total is below one that was acknowledged. */
export async function checkStudy(url: string, ledger: Ledger): Promise<void> {
  assert(ledger.totals.size > 0);
  for (const [user, acknowledged] of ledger.totals) {
    const { studyTime } = await read<{ studyTime: number }>(url, `/api/v1/study-time/${user}/${COURSE}`);
    assert(studyTime >= acknowledged, `${user} was told ${acknowledged} s and has ${studyTime}`);
  }
}

async function eventsOf(url: string, channel: string): Promise<Kept[]> {
  const events: Kept[] = [];
  for (;;) {
    const since = events.at(-1)?.offset ?? 0;
    const path = `/api/v1/channels/${channel}/events?since=${since}&limit=1000`;
    const page = await read<{ events: Kept[] }>(url, path);
    if (page.events.length === 0) return events;
    events.push(...page.events);
  }
}

async function read<T>(url: string, path: string): Promise<T> {
  const { status, text } = await call({ url }, "GET", path);
  assert.equal(status, 200, text);
  return JSON.parse(text) as T;
}
