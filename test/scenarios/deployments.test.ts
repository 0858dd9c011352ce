// Two deployments on one Redis: staging and production, each with a database of its own, never hear each other.
import { Emitter } from "@socket.io/redis-emitter";
import { createClient } from "redis";
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Inbox, inboxOf } from "../support/inbox.ts";
import { createDatabase, sharedRedis } from "../support/shared.ts";

let url: string;
let production: TestServer;
let neighbour: TestServer;
let staging: TestServer;

beforeAll(async () => {
  url = await sharedRedis();
  const start = async (database: string, env: Record<string, string> = {}) =>
    startClasswire({ REDIS_URL: url, DATABASE_URL: database, CHANNELS_CONNECTIONS_PER_USER: "1", ...env });
  const database = await createDatabase();
  [production, neighbour] = await Promise.all([start(database), start(database)]);
  staging = await start(await createDatabase());
});
afterAll(async () => {
  await Promise.all([production, neighbour, staging].map((server) => server?.close()));
});

/** Somebody in `/channels`, with a room and notifications: the one place that a user has in a deployment. */
async function listen(server: TestServer, user: string): Promise<{ socket: Socket; inbox: Inbox }> {
  const socket = server.connect("/channels", user, { uncheckedEvents: ["said"] });
  const inbox = inboxOf(socket);
  await inbox.wait("connected");
  await socket.emitWithAck("subscribe", { channel: `notifications/${user}` });
  await socket.emitWithAck("join_room", { room: "lobby" });
  return { socket, inbox };
}

test("what one says, the other does not hear, and neither takes it for a hole", async () => {
  const user = "81";
  const [here, there] = [await listen(production, user), await listen(staging, user)];
  const say = async (server: TestServer, what: string) => {
    await server.call("POST", "/api/v1/notifications", { userId: user, title: what, message: "m" });
    await server.call("POST", "/api/v1/rooms/lobby/messages", { text: what });
    await server.call("POST", "/api/v1/data-updates", { entity: what, action: "update", id: 1, data: {} });
  };
  await say(staging, "from staging");
  await there.inbox.wait("data_update");
  // Through the other node: it comes over Redis, behind whatever staging has said there.
  await say(neighbour, "from production");
  await here.inbox.wait("data_update");
  await Promise.all([here, there].map(({ inbox }) => inbox.wait("notifications")));
  await Promise.all([here, there].map(({ inbox }) => inbox.wait("room_message")));
  expect(JSON.stringify(here.inbox.all)).not.toContain("from staging");
  expect(JSON.stringify(there.inbox.all)).not.toContain("from production");
  expect(here.inbox.metas("notifications")).toMatchObject([{ offset: 1 }]);
});

test("what one orders, the other does not carry out, and nobody is online where they are not", async () => {
  const user = "84";
  const [here, there] = [await listen(production, user), await listen(staging, user)];
  await staging.call("POST", "/api/v1/disconnect", { userId: user });
  await eventually(() => !there.socket.connected);
  // Through the other node, behind the order.
  await neighbour.call("POST", "/api/v1/notifications", { userId: user, title: "still here", message: "m" });
  await here.inbox.wait("notifications");
  expect(here.socket.connected).toBe(true);
  expect((await staging.call("GET", "/api/ws/status")).body.online_users).not.toContain(user);
  expect((await neighbour.call("GET", "/api/ws/status")).body.online_users).toContain(user);
});

test("emitters reach the deployments whose prefix is their key", async () => {
  const school = await startClasswire({
    REDIS_URL: url,
    DATABASE_URL: await createDatabase(),
    REDIS_PREFIX: "school:7",
  });
  onTestFinished(() => school.close());
  const user = "85";
  const [here, there] = [await listen(production, user), await listen(school, user)];
  const redis = createClient({ url });
  await redis.connect();
  onTestFinished(() => redis.destroy());
  new Emitter(redis).of("/channels").to(`user:${user}`).emit("said", "to production");
  new Emitter(redis, { key: "school:7" }).of("/channels").to(`user:${user}`).emit("said", "to the school");
  await Promise.all([here.inbox.wait("said"), there.inbox.wait("said")]);
  expect(here.inbox.payloads("said")).toEqual(["to production"]);
  expect(there.inbox.payloads("said")).toEqual(["to the school"]);
});
