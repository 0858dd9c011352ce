// Lines that go bad, a node that stalls and a clock that jumps, under load: nothing is lost, doubled or out of order.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeClock } from "../../faults/clock.ts";
import { type Line, openLine, type Quality } from "../../faults/line.ts";
import { stall } from "../../faults/stall.ts";
import { check } from "../../history/checker.ts";
import { connectRaw, connectSocket } from "../../history/clients.ts";
import { createRecorder } from "../../history/files.ts";
import { startPublisher } from "../../history/publisher.ts";
import { eventually } from "../../support/eventually.ts";
import { createDatabase } from "../../support/shared.ts";
import { spawnServer } from "../../support/spawn-server.ts";

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

test("lines to clients and to the database, a stall, and an hour ahead and behind", async () => {
  const database = new URL(await createDatabase());
  const toDatabase = await openLine({ port: () => Number(database.port) });
  closing.push(() => toDatabase.close());
  const url = new URL(database);
  url.port = String(toDatabase.port);
  const clock = makeClock();
  closing.push(() => clock.remove());
  const env = { DATABASE_URL: url.href, EVENT_RETENTION_COUNT: "100000", CONNECT_ATTEMPTS_PER_MINUTE: "10000" };
  const server = await spawnServer({ ...env, ...clock.env });
  closing.push(() => server.stop());
  const toServer = await openLine({ port: () => server.ports[0] ?? 0 });
  closing.push(() => toServer.close());
  const directory = mkdtempSync(join(tmpdir(), "classwire-lines-"));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const recorder = createRecorder(join(directory, "history.jsonl"));
  const users = ["1", "2", "3", "4"];
  const clients = users.map((user, index) => {
    const options = { url: `http://127.0.0.1:${toServer.port}`, user, name: user, recorder };
    return index < 2 ? connectSocket(options) : connectRaw({ ...options, dialect: index });
  });
  closing.push(() => clients.map((client) => client.close()));
  const connected = () => clients.every((client) => client.isConnected());
  await eventually(connected);
  const publisher = startPublisher({ urls: [server.url], users, recorder, batch: 4, parallel: 2, run: server.url });
  const more = async (): Promise<void> => {
    const target = publisher.acknowledged + 16;
    await eventually(() => publisher.acknowledged >= target, { timeoutMs: 30_000 });
  };
  const goBad = async (line: Line, quality: Quality): Promise<void> => {
    const [swallowed, repeated] = [line.swallowed, publisher.repeated];
    line.become(quality);
    if (quality === "half-open") await eventually(() => line.swallowed > swallowed);
    else if (quality === "cut" && line === toServer) await eventually(() => !connected());
    else if (quality === "jittering" || line === toServer) await more();
    else await eventually(() => publisher.repeated > repeated, { timeoutMs: 30_000 }); // no statement gets through in time
    line.become("well");
    await more();
    await eventually(connected, { timeoutMs: 20_000 });
  };
  const steps: [Line, Quality][] = [
    [toServer, "half-open"],
    [toDatabase, "cut"],
    [toServer, "cut"],
    [toServer, "trickling"],
    [toServer, "jittering"],
    [toDatabase, "half-open"],
    [toDatabase, "trickling"],
    [toDatabase, "jittering"],
  ];
  // The first two by themselves, FAULTS=all for all of them.
  for (const [line, quality] of process.env["FAULTS"] === "all" ? steps : steps.slice(0, 2)) await goBad(line, quality);
  await stall(server, 500);
  await more();
  for (const ms of [3_600_000, -3_600_000, 0]) {
    clock.jump(ms);
    await more();
  }
  await publisher.finish();
  const hasAll = (): boolean =>
    clients.every((client) => {
      const { count, head } = publisher.of(client.channel);
      return client.position >= (client.promised === "once" ? head : count);
    });
  await eventually(hasAll, { timeoutMs: 30_000 });
  for (const { name, channel } of clients) recorder.note({ kind: "settled", client: name, channel });
  recorder.close();
  expect(check([recorder.path]).violations).toEqual({});
  expect(server.isRunning()).toBe(true);
}, 120_000);
