// A trial: a running server under load, faults of its database, and the proof that it answered all the time and lost nothing.
import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import type { SpawnedServer } from "../../support/spawn-server.ts";
import { addressOf } from "../nodes.ts";
import { checkEvents, checkStudy } from "./evidence.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { newStage, startPublishers } from "./publishers.ts";
import { startStudents } from "./students.ts";
import { startSubscribers } from "./subscribers.ts";

/** What every server of a trial is started with: many clients from one address, and all events kept. */
export const TRIAL_ENV = {
  EVENT_RETENTION_COUNT: "1000000",
  CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
  LOG_LEVEL: "warn",
};

/** The calls for which a table must grow. */
export const PUBLISHING = ["notification", "notification with a key", "quiz", "room message"];
/** The calls that write at all. */
export const EVERYTHING = [...PUBLISHING, "heartbeat", "raw heartbeat"];

/** A fault of the database. */
export interface Fault {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** The kinds of calls that cannot commit meanwhile. */
  readonly refuses: readonly string[];
}

/** What a trial has seen. */
export interface Figures {
  readonly acknowledged: number;
  readonly refused: number;
  /** The slowest answer. */
  readonly slowestMs: number;
  /** The longest from the end of a fault to `/readyz` saying 200 and every kind of call acknowledged. */
  readonly recoveredMs: number;
}

/**
 * Puts the server under load, makes the fault and ends it, and checks everything that must hold. For scripts too, so that it
 * throws by itself what is wrong.
 */
export async function tryFault(server: SpawnedServer, fault: Fault, rounds: number): Promise<Figures> {
  const address = addressOf(server.url);
  const stage = newStage();
  const ledger = createLedger();
  const subscribers = await startSubscribers(address, stage);
  const closing = [await startPublishers(address, stage, ledger), await startStudents(address, ledger)];
  let recoveredMs = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      await more(ledger, "acknowledged", EVERYTHING, 5);
      await fault.begin();
      try {
        await more(ledger, "refused", fault.refuses, 1);
        await eventually(() => isReady(server, { status: 503, database: "down" }));
      } finally {
        await fault.end();
      }
      const ended = performance.now();
      await eventually(() => isReady(server, { status: 200, database: "up" }));
      await more(ledger, "acknowledged", EVERYTHING, 5);
      recoveredMs = Math.max(recoveredMs, performance.now() - ended);
    }
    await ledger.stop();
    assert.deepEqual(ledger.problems, []);
    await checkEvents(server.url, ledger, subscribers);
    await checkStudy(server.url, ledger);
    assert(server.isRunning());
    assert.deepEqual(
      server.lines.filter((line) => /unhandled|uncaught|warning:/i.test(line)),
      [],
    );
    const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0);
    const [acknowledged, refused] = [sum(ledger.count("acknowledged")), sum(ledger.count("refused"))];
    return { acknowledged, refused, slowestMs: ledger.slowestMs(), recoveredMs };
  } finally {
    await ledger.stop();
    for (const close of closing) close();
    for (const subscriber of subscribers) subscriber.close();
  }
}

/** Resolves when every one of these kinds has come out so for so many more times. */
async function more(ledger: Ledger, outcome: "acknowledged" | "refused", kinds: readonly string[], times: number) {
  const before = ledger.count(outcome);
  const lacks = (kind: string) => (ledger.count(outcome).get(kind) ?? 0) < (before.get(kind) ?? 0) + times;
  const every = () => assert.deepEqual(kinds.filter(lacks), [], `not yet ${outcome} again`) ?? true;
  await eventually(every, { timeoutMs: 20_000 });
}

async function isReady({ url }: SpawnedServer, expected: { status: number; database: string }): Promise<true> {
  const response = await fetch(`${url}/readyz`);
  const { database } = (await response.json()) as { database: string };
  assert.deepEqual({ status: response.status, database }, expected);
  return true;
}
