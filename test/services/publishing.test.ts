// Notifications, messages and run results: where they are kept, what is in them, once per key and in order.
import { afterAll, beforeAll, expect, it } from "vitest";
import { EVERYONE } from "../../src/contract/channel-names.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createMessages } from "../../src/services/messages.ts";
import { createNotifications } from "../../src/services/notifications.ts";
import { createRunResults } from "../../src/services/run-results.ts";
import { openStore, type Store } from "../../src/store/store.ts";

let store: Store;
let log: EventLog;
beforeAll(async () => {
  store = await openStore({ kind: "memory" });
  log = createEventLog({ store, retention: { days: 7, count: 1000 } });
});
afterAll(async () => {
  await log.close();
  await store.close();
});

const kept = async (channel: string) => (await log.read(channel, 0, 100)).events;

it("notifications go to the user's channel or to everyone's, with what they say and nothing else", async () => {
  const notifications = createNotifications({ eventLog: log });
  const notification = { title: "t", message: "m", icon: undefined, link: "/l" };
  const sent = await notifications.toUser("a:b", notification);
  const toAll = await notifications.toEveryone({ ...notification, action: "open", requestId: "r" });
  expect(await kept("notifications/a%3Ab")).toEqual([sent.event]);
  expect(sent.event).toMatchObject({ event: "notifications", data: { title: "t", message: "m", link: "/l" } });
  expect(Object.keys(sent.event.data)).toEqual(["title", "message", "link"]);
  expect(await kept(EVERYONE)).toContainEqual(toAll.event);
  expect(toAll.event.data).toEqual({ title: "t", message: "m", action: "open", requestId: "r", link: "/l" });
});

it("messages carry their author and time, and both names of what is said", async () => {
  const messages = createMessages({ eventLog: log, now: () => 1_700_000_000_123 });
  await messages.toUser({ id: "1", name: "Ann" }, "2", { text: "x", content: { a: [1] } });
  await messages.toRoom({ id: "1", name: undefined }, "r:1", { content: "y" });
  const [toUser] = await kept("messages/2");
  expect(toUser).toMatchObject({ event: "user_message", timestamp: 1_700_000_000_123 });
  expect(toUser?.data).toEqual({
    to: "2",
    text: "x",
    content: { a: [1] },
    from: "1",
    username: "Ann",
    timestamp: 1_700_000_000_123,
  });
  const [toRoom] = await kept("rooms/r:1");
  expect(toRoom?.event).toBe("room_message");
  expect(toRoom?.data).toEqual({ room: "r:1", content: "y", from: "1", timestamp: 1_700_000_000_123 });
});

it("run results keep their order and their whole text", async () => {
  const results = createRunResults({ eventLog: log });
  const runs = Array.from({ length: 50 }, (_, at) => ({
    stdout: `${at}\u0000`,
    stderr: "é",
    exitCode: at,
    duration: 0.5,
  }));
  await Promise.all(runs.map((run) => results.push("s", run)));
  expect((await kept("run-results/s")).map(({ event, data }) => ({ event, data }))).toEqual(
    runs.map((data) => ({ event: "run-results", data })),
  );
});

it("the same key again is the same event", async () => {
  const notifications = createNotifications({ eventLog: log });
  const messages = createMessages({ eventLog: log });
  const results = createRunResults({ eventLog: log });
  const author = { id: "1", name: undefined };
  const run = { stdout: "", stderr: "", exitCode: 0, duration: 0 };
  for (const send of [
    () => notifications.toUser("k", { title: "t", message: "m" }, "k1"),
    () => notifications.toEveryone({ title: "t", message: "m" }, "k2"),
    () => messages.toUser(author, "k", { text: "x" }, "k3"),
    () => messages.toRoom(author, "k", { text: "x" }, "k4"),
    () => results.push("k", run, "k5"),
  ]) {
    const [first, second] = [await send(), await send()];
    expect([first.duplicate, second.duplicate]).toEqual([false, true]);
    expect(second.event).toEqual(first.event);
  }
});
