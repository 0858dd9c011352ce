// Failovers of the database and of Redis under load: nothing acknowledged is lost unsaid, and the node serves again soon.
import { afterEach, expect, test } from "vitest";
import { startPostgresPair } from "../faults/postgres-pair.ts";
import { startRedisPair } from "../faults/redis-pair.ts";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf } from "../support/inbox.ts";
import { createDatabase } from "../support/shared.ts";

const USER = "91";
const CHANNEL = `notifications/${USER}`;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Publishes without pause until told to stop. */
function publishing(server: TestServer) {
  const acknowledged: string[] = [];
  let stopped = false;
  let next = 0;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const title = `n${++next}`;
      const { status } = await server.call("POST", "/api/v1/notifications", { userId: USER, title, message: "m" });
      if (status === 201) acknowledged.push(title);
    }
  };
  const workers = Promise.all([run(), run()]);
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await workers;
    },
  };
}

/** Those of `wanted` that are not in the channel. */
async function missing(server: TestServer, wanted: readonly string[]): Promise<string[]> {
  const there = new Set<string>();
  for (let since = 0; ; ) {
    const { body } = await server.call("GET", `/api/v1/channels/${CHANNEL}/events?since=${since}&limit=1000`);
    for (const { data } of body.events) there.add(data.title);
    if (body.events.length === 0) return wanted.filter((title) => !there.has(title));
    since = body.events.at(-1).offset;
  }
}

test("PostgreSQL fails over to a standby that has everything: writes go on, and all that was acknowledged is there", async () => {
  const pair = await startPostgresPair();
  closing.push(() => pair.stop());
  const database = await pair.createDatabase();
  const server = await startClasswire({ DATABASE_URL: pair.url(database), EVENT_RETENTION_COUNT: "100000" });
  closing.push(() => server.close());
  const load = publishing(server);
  await eventually(() => load.acknowledged.length > 50);
  await pair.failOver();
  const before = load.acknowledged.length;
  await eventually(() => load.acknowledged.length > before + 20, { what: "writes on the new primary" });
  await load.stop();
  expect(await missing(server, load.acknowledged)).toEqual([]);
  await eventually(async () => (await fetch(`${server.url}/readyz`)).ok, { what: "ready" });
}, 60_000);

test("PostgreSQL fails over to a standby that lags: whoever holds an offset of before is told", async () => {
  const pair = await startPostgresPair();
  closing.push(() => pair.stop());
  const database = await pair.createDatabase();
  const server = await startClasswire({ DATABASE_URL: pair.url(database) });
  closing.push(() => server.close());
  const socket = server.connect("/channels", USER, { reconnection: true });
  const inbox = inboxOf(socket);
  const [first] = await inbox.wait("connected");
  await socket.emitWithAck("subscribe", { channel: CHANNEL });
  const publish = (title: string) =>
    server.call("POST", "/api/v1/notifications", { userId: USER, title, message: "m" });
  await publish("kept");
  await inbox.wait("notifications", 1);
  await eventually(async () => {
    const [row] = await pair.standby.run("SELECT count(*)::int AS n FROM channel_events", database);
    return row?.["n"] === 1;
  });
  pair.lag();
  for (const title of ["lost 2", "lost 3"]) expect((await publish(title)).status).toBe(201);
  await inbox.wait("notifications", 3);
  await pair.failOver();
  await eventually(async () => (await publish("new 2")).status === 201, { what: "a write on the new primary" });
  const [, second] = await inbox.wait("connected", 2);
  expect(second.epoch).not.toBe(first.epoch);
  const again = await socket.emitWithAck("subscribe", { channel: CHANNEL, since: 3, epoch: first.epoch });
  expect(again).toMatchObject({ ok: true, recovered: false });
  await eventually(() => inbox.payloads("notifications").at(-1)?.data.title === "new 2");
}, 60_000);

test("Redis fails over, and the old primary stays as a replica: the nodes hear each other again", async () => {
  const pair = await startRedisPair();
  closing.push(() => pair.stop());
  const env = { REDIS_URL: pair.url, DATABASE_URL: await createDatabase() };
  const [one, other] = await Promise.all([startClasswire(env), startClasswire(env)]);
  closing.push(async () => void (await Promise.all([one.close(), other.close()])));
  const ready = async () =>
    (await Promise.all([one, other].map(({ url }) => fetch(`${url}/readyz`)))).every(({ ok }) => ok);
  await eventually(ready);
  const socket = one.connect("/channels", USER);
  const inbox = inboxOf(socket);
  await inbox.wait("connected");
  const listeners = await pair.listeners();
  await pair.failOver();
  await eventually(async () => (await pair.listeners()) === listeners, {
    what: "all nodes on the new primary",
    timeoutMs: 20_000,
  });
  await eventually(ready, { what: "ready" });
  // Live only, from the other node: it comes over Redis or not at all.
  await other.call("POST", "/api/v1/data-updates", { entity: "e", action: "update", id: 1, data: {} });
  await inbox.wait("data_update");
  expect(socket.connected).toBe(true);
}, 60_000);
