// Live sends over a real Redis: heard by Socket.IO and raw clients on another node, and by nobody later.
import { createClient as createRedisClient } from "redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { createEmitter, type LiveSends } from "../../src/emitter/index.ts";
import { connectTo } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf } from "../support/inbox.ts";
import { connect } from "../support/raw-client.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

let redis: Redis;
let nodes: SpawnedServer[] = [];
let live: LiveSends;
const client = () => createRedisClient({ url: redis.url, socket: { reconnectStrategy: 100 } });
let publisher: ReturnType<typeof client>;
const open: { close(): void }[] = [];

beforeAll(async () => {
  redis = await startRedis();
  const env = { REDIS_URL: redis.url, DATABASE_URL: await createDatabase(), LOG_LEVEL: "warn" };
  nodes = await Promise.all([spawnServer(env), spawnServer(env)]);
  publisher = client();
  publisher.on("error", () => undefined); // one test stops this Redis
  await publisher.connect();
  live = createEmitter({ redis: publisher });
});
afterAll(async () => {
  for (const connection of open) connection.close();
  publisher?.destroy();
  await Promise.all(nodes.map((node) => node.stop()));
  await redis.stop();
});

/** Events that are durable elsewhere and said live here: without an offset, so without the `meta` of their rows; and one without a row. */
const uncheckedEvents = ["notifications", "room_message", "progress_updated", "reminder"];

/** A Socket.IO client on a node, with what it hears from now on but who comes and goes. */
async function hearing(node: number, namespace: string, user: string, auth: object = {}) {
  const socket = connectTo(nodes[node]?.url ?? "", namespace, user, { auth, uncheckedEvents });
  open.push(socket);
  const inbox = inboxOf(socket);
  await inbox.wait("connected");
  const before = inbox.all.length;
  const heard = () =>
    inbox.all
      .slice(before)
      .filter(({ event }) => event !== "presence")
      .map(({ event, args }) => [event, ...args]);
  return { socket, heard };
}

test("to everyone, to a user, to a room: whoever it is for hears it, on whatever node", async () => {
  const ann = await hearing(0, "/channels", "501");
  const bob = await hearing(1, "/channels", "502");
  await bob.socket.emitWithAck("join_room", { room: "live" });
  await ann.socket.emitWithAck("subscribe", { channel: "notifications/501" });

  expect(await live.system({ message: "hello", level: "info" })).toBe(2);
  await live.dataUpdate({ entity: "course", action: "update", id: 1, data: { open: true } }, { user: "501" });
  await live.toRoom("live", "room_message", { room: "live", from: "backend", text: "to the room" });
  await live.toUser("502", "order_status", { order_id: "o1", status: "sent" });
  await live.notification("501", { title: "t", message: "m" });

  await eventually(() => ann.heard().length === 3 && bob.heard().length === 3);
  const at = expect.any(Number);
  expect(ann.heard()).toEqual([
    ["system", { message: "hello", level: "info", code: 0, timestamp: at }],
    ["data_update", { entity: "course", action: "update", id: 1, data: { open: true }, timestamp: at }],
    ["notifications", { channel: "notifications/501", data: { title: "t", message: "m" }, timestamp: at }],
  ]);
  expect(bob.heard()).toEqual([
    ["system", { message: "hello", level: "info", code: 0, timestamp: at }],
    ["room_message", { room: "live", from: "backend", text: "to the room", timestamp: at }],
    ["order_status", { order_id: "o1", status: "sent" }],
  ]);
});

test("dashboards, run results and study time have their own rooms", async () => {
  const dashboard = await hearing(0, "/dashboard", "503");
  const study = await hearing(1, "/study-time", "503", { courseId: "a/b" });
  const progress = {
    user_id: 503,
    topic_id: "t",
    topic_display_name: "T",
    chapter_id: "c",
    chapter_display_name: "C",
    completed: true,
    timestamp: "2026-01-01T00:00:00+08:00",
  };
  await live.toDashboard("503", "progress_updated", progress);
  await live.toStudyTime("503", "a/b", "reminder", { text: "take a break" });
  await eventually(() => dashboard.heard().length === 1 && study.heard().length === 1);
  expect(dashboard.heard()).toEqual([["progress_updated", progress]]);
  expect(study.heard()).toEqual([["reminder", { text: "take a break" }]]);
});

test("a raw client hears it in its own words", async () => {
  const raw = await connect(`${nodes[1]?.url.replace("http", "ws")}/ws?token=${signToken("504")}`);
  open.push(raw.ws);
  raw.send({ type: "ping", content: null, timestamp: 0 });
  await eventually(() => raw.frames.some(({ type }) => type === "pong"));
  await live.toUser("504", "user_message", { from: "1", to: "504", text: "hi" });
  const message = await eventually(() => raw.frames.find(({ type }) => type === "user_message"));
  expect(message["content"]).toEqual({ from: "1", to: "504", text: "hi" });
});

test("a bad payload, room or event is refused before anything is published", () => {
  const refused = (message: string) => expect.objectContaining({ code: "INVALID_MESSAGE", message });
  expect(() => live.system({ message: "", level: "info" })).toThrow(refused("message must have at least 1 character"));
  expect(() => live.toRoom("no spaces", "push", { type: "x", content: 1 })).toThrow(
    refused("room must be 1 to 128 characters of A-Z a-z 0-9 _ - : ."),
  );
  expect(() => live.toUser("", "push", { type: "x", content: 1 })).toThrow(
    refused("user must have at least 1 character"),
  );
  expect(() => live.toStudyTime("1", "c", "disconnect", {})).toThrow(refused("event is reserved"));
  expect(() => live.toStudyTime("1", "c", "Reminder", {})).toThrow(
    refused("event must be 1 to 64 characters of a-z 0-9 _ -, the first a letter"),
  );
  expect(() => live.toUser("1", "room_message", { room: "r", from: "1" })).toThrow(
    refused("text or content is required"),
  );
  expect(() => live.toDashboard("1", "connected" as "quiz_completed", {} as never)).toThrow(
    refused("event must be one of progress_updated, quiz_completed"),
  );
});

test("without Redis a send rejects, and one that nobody waits for ends nothing", async () => {
  const nobody = createRedisClient({
    socket: { host: "127.0.0.1", port: await freePort(), reconnectStrategy: false },
    disableOfflineQueue: true,
  });
  const alone = createEmitter({ redis: nobody });
  void alone.system({ message: "m", level: "info" });
  await expect(alone.system({ message: "m", level: "info" })).rejects.toThrow();
});
