// A database that is put back to an earlier state under running nodes: whoever holds later offsets is told, and gets what there is.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf } from "../support/inbox.ts";
import { createDatabase } from "../support/shared.ts";

let server: TestServer;
let database: pg.Client;

beforeAll(async () => {
  const url = await createDatabase();
  server = await startClasswire({ DATABASE_URL: url });
  database = new pg.Client({ connectionString: url });
  await database.connect();
});
afterAll(async () => {
  await server?.close();
  await database?.end();
});

async function publish(userId: string, ...titles: string[]): Promise<void> {
  for (const title of titles) {
    const { status } = await server.call("POST", "/api/v1/notifications", { userId, title, message: "m" });
    expect(status).toBe(201);
  }
}

/** Puts a channel back to what it had when `head` was its newest event, as a dump of that time has it. */
async function putBack(channel: string, head: number): Promise<void> {
  await database.query("BEGIN");
  await database.query("DELETE FROM channel_events WHERE channel = $1 AND seq > $2", [channel, head]);
  await database.query("UPDATE channels SET head = $2 WHERE name = $1", [channel, head]);
  await database.query("COMMIT");
}

test("`since` of before is answered `recovered: false`, and nothing new is missed", async () => {
  const [user, channel] = ["82", "notifications/82"];
  const socket = server.connect("/channels", user, { reconnection: true });
  const inbox = inboxOf(socket);
  const [first] = await inbox.wait("connected");
  await socket.emitWithAck("subscribe", { channel });
  await publish(user, "1", "2", "3", "4");
  await inbox.wait("notifications", 4);
  await putBack(channel, 1);
  await publish(user, "another 2");
  const [, second] = await inbox.wait("connected", 2);
  expect(second.epoch).not.toBe(first.epoch);
  const again = await socket.emitWithAck("subscribe", { channel, since: 4, epoch: first.epoch });
  expect(again).toMatchObject({ ok: true, recovered: false, offset: 2, replayed: 2 });
  await publish(user, "another 3");
  await eventually(() => inbox.metas("notifications").at(-1)?.offset === 3);
  const titles = inbox.payloads("notifications").map(({ data }) => data.title);
  expect(titles.slice(-3)).toEqual(["1", "another 2", "another 3"]);
});

test("a cursor of before hides nothing that is new", async () => {
  const [user, channel] = ["83", "notifications/83"];
  await publish(user, "1", "2", "3");
  const socket = server.connect("/channels", user, { reconnection: true });
  const inbox = inboxOf(socket);
  await socket.emitWithAck("subscribe", { channel });
  await socket.emitWithAck("ack", { channel, offset: 3 });
  await putBack(channel, 1);
  await publish(user, "another 2");
  // Every connection is ended as the epoch ends: one that was made meanwhile would be, too.
  await inbox.wait("connected", 2);
  const before = inbox.payloads("notifications").length;
  await socket.emitWithAck("subscribe", { channel });
  const titles = (await inbox.wait("notifications", before + 2)).map(({ data }) => data.title);
  expect(titles.slice(before)).toEqual(["1", "another 2"]);
});
