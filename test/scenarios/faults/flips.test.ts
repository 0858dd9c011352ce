// Bits of what nodes tell each other over Redis are flipped: every durable event still arrives, as it was said, once and in order.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFlippingLine } from "../../faults/bit-flips.ts";
import { check } from "../../history/checker.ts";
import { connectSocket } from "../../history/clients.ts";
import { createRecorder } from "../../history/files.ts";
import { startPublisher } from "../../history/publisher.ts";
import { startClasswire } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { printedSeed } from "../../support/random.ts";
import { startRedis } from "../../support/redis.ts";
import { createDatabase } from "../../support/shared.ts";

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** FAULTS=all for both. */
const places = process.env["FAULTS"] === "all" ? (["messages", "anywhere"] as const) : (["messages"] as const);
test.each(places)("flipped in %s", async (where) => {
  const seed = printedSeed(`flips in ${where}`);
  const redis = await startRedis();
  closing.push(() => redis.stop());
  const line = await openFlippingLine(() => redis.port, where, seed);
  closing.push(() => line.close());
  const env = { DATABASE_URL: await createDatabase(), EVENT_RETENTION_COUNT: "100000" };
  const here = await startClasswire({ ...env, REDIS_URL: line.url });
  closing.push(() => here.close());
  const there = await startClasswire({ ...env, REDIS_URL: redis.url });
  closing.push(() => there.close());
  const ready = async () =>
    (await Promise.all([here, there].map(({ url }) => fetch(`${url}/readyz`)))).every(({ ok }) => ok);
  await eventually(ready);
  const directory = mkdtempSync(join(tmpdir(), "classwire-flips-"));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const recorder = createRecorder(join(directory, "history.jsonl"));
  const users = ["1", "2", "3", "4"];
  const clients = users.map((user) => connectSocket({ url: there.url, user, name: user, recorder }));
  await eventually(() => clients.every((client) => client.isConnected()));
  line.flipOneIn(where === "messages" ? 2 : 20);
  // Said on one node, heard on the other: everything crosses.
  const publisher = startPublisher({ urls: [here.url], users, recorder, batch: 8, parallel: 2, run: `flips-${seed}` });
  await eventually(() => publisher.acknowledged >= 800 && line.flipped >= 10, { timeoutMs: 40_000 });
  await publisher.finish();
  line.flipOneIn(0);
  await eventually(() => clients.every((client) => client.position >= publisher.of(client.channel).head), {
    timeoutMs: 20_000,
  });
  for (const client of clients) {
    recorder.note({ kind: "settled", client: client.name, channel: client.channel });
    client.close();
  }
  recorder.close();
  const { violations, figures } = check([recorder.path]);
  expect(violations).toEqual({});
  expect(figures.delivered).toBe(publisher.acknowledged);
  await eventually(ready, { timeoutMs: 20_000, what: "both nodes ready" });
});
