// A database that is put back with the real tools, or by a disk that forgets, under a running node: what was acknowledged and is gone
// is said to everyone who was there. And a power cut under the embedded one, which loses nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../../scripts/free-ports.mjs";
import { type BackedUpPostgres, startBackedUpPostgres } from "../../faults/backups.ts";
import { forgetfulDisk } from "../../faults/disk.ts";
import { cutPower, syncedOnly } from "../../faults/power.ts";
import { audit } from "../../history/audit.ts";
import { check, type Verdict } from "../../history/checker.ts";
import { connectSocket, type RecordingClient } from "../../history/clients.ts";
import { createRecorder, type Recorder } from "../../history/files.ts";
import { type Publisher, startPublisher } from "../../history/publisher.ts";
import { startClasswire } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { spawnServer } from "../../support/spawn-server.ts";
import { signToken } from "../../support/tokens.ts";

const USERS = ["1", "2", "3"];
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Load {
  readonly recorder: Recorder;
  readonly clients: readonly RecordingClient[];
  readonly publisher: Publisher;
  /** Resolves when so many more are acknowledged. */
  more(count: number): Promise<void>;
  /** Ends it, waits for everybody, and judges. */
  judge(): Promise<Verdict>;
}

async function loadOn(url: string): Promise<Load> {
  const directory = mkdtempSync(join(tmpdir(), "classwire-put-back-"));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const recorder = createRecorder(join(directory, "history.jsonl"));
  const clients = USERS.map((user) => connectSocket({ url, user, name: user, recorder }));
  closing.push(() => clients.map((client) => client.close()));
  await eventually(() => clients.every((client) => client.isConnected()));
  const publisher = startPublisher({ urls: [url], users: USERS, recorder, batch: 3, parallel: 2, run: url });
  const more = async (count: number): Promise<void> => {
    const target = publisher.acknowledged + count;
    await eventually(() => publisher.acknowledged >= target, { timeoutMs: 30_000 });
  };
  return {
    recorder,
    clients,
    publisher,
    more,
    async judge() {
      await publisher.finish();
      const heads = await Promise.all(clients.map(({ channel }) => headOf(url, channel)));
      await eventually(() => clients.every((client, at) => client.isConnected() && client.position === heads[at]), {
        timeoutMs: 20_000,
      });
      for (const { name, channel } of clients) recorder.note({ kind: "settled", client: name, channel });
      await audit(
        url,
        clients.map(({ channel }) => channel),
        recorder,
      );
      recorder.close();
      return check([recorder.path]);
    },
  };
}

async function headOf(url: string, channel: string): Promise<number> {
  const headers = { authorization: `Bearer ${signToken({ sub: "1", role: "service" })}` };
  const answer = await fetch(`${url}/api/v1/channels/${channel}/events?since=0&limit=1`, { headers });
  return ((await answer.json()) as { head: number }).head;
}

describe("PostgreSQL", () => {
  let postgres: BackedUpPostgres;
  beforeAll(async () => {
    postgres = await startBackedUpPostgres();
  });
  afterAll(() => postgres?.stop());

  /** Puts a database back under load: what `remember` returns is what `putBack` goes back to. */
  async function putBackUnderLoad<T>(
    remember: (database: string) => Promise<T>,
    putBack: (database: string, point: T) => Promise<void>,
  ): Promise<Verdict> {
    const url = await postgres.createDatabase();
    const database = new URL(url).pathname.slice(1);
    const server = await startClasswire({ DATABASE_URL: url, EVENT_RETENTION_COUNT: "100000" });
    closing.push(() => server.close());
    const load = await loadOn(server.url);
    await load.more(30);
    const point = await remember(database);
    await load.more(30);
    await putBack(database, point);
    await load.more(30);
    return load.judge();
  }

  /** The first and the last by themselves, FAULTS=all for all of them. */
  const ways: [string, () => Promise<Verdict>][] = [
    [
      "from a dump",
      () =>
        putBackUnderLoad(
          (database) => postgres.dump(database),
          (database, file) => postgres.restoreDump(database, file),
        ),
    ],
    [
      "to a point in time",
      () =>
        putBackUnderLoad(
          async () => {
            await postgres.backUp();
            return postgres.mark();
          },
          (_database, mark) => postgres.restoreTo(mark),
        ),
    ],
    [
      "by a disk that lied about fsync",
      () => {
        const disk = forgetfulDisk(postgres);
        return putBackUnderLoad(
          () => disk.lie(),
          () => disk.failPower(),
        );
      },
    ],
  ];
  const chosen = ways.filter((_way, at) => at !== 1 || process.env["FAULTS"] === "all");
  test.each(chosen)("put back %s: what is gone is said to everyone who was there", async (_how, run) => {
    const { violations, figures } = await run();
    expect(violations).toEqual({});
    expect(figures.gone).toBeGreaterThan(0);
    expect(figures.unrecovered).toBeGreaterThanOrEqual(USERS.length);
  });
});

test("PGlite after a power cut, without what was not synced: everything that was acknowledged is there", async () => {
  const home = mkdtempSync(join(tmpdir(), "classwire-power-"));
  closing.push(() => rmSync(home, { recursive: true, force: true }));
  const env = { DATABASE_URL: "", PORT: String(await freePort()), EVENT_RETENTION_COUNT: "100000" };
  const first = await spawnServer(env, { directory: home });
  await first.stop();
  let server = await spawnServer({ ...env, ...syncedOnly(home) }, { directory: home });
  closing.push(() => server.stop());
  const load = await loadOn(server.url);
  await load.more(60);
  await cutPower(server, home);
  server = await spawnServer(env, { directory: home });
  await load.more(30);
  const { violations, figures } = await load.judge();
  expect(violations).toEqual({});
  expect(figures.gone).toBe(0);
});
