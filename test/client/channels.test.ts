// The channels handle against the real server: subscriptions, rooms and acks that outlive their connections.
import { expect, test } from "vitest";
import { memoryStorage } from "../../src/client/index.ts";
import { eventually } from "../support/eventually.ts";
import { cutAndBack, filled, reaches, startWorld } from "./world.ts";

const world = startWorld();

const notify = (userId: string, title: string) => world.backend.notify({ userId, title, message: "m" });

test("notifications of before, of now and of a cut arrive once, in order", async () => {
  const user = world.user();
  await notify(user, "before");
  const channels = world.client(user).channels();
  const titles: string[] = [];
  channels.on("notifications", ({ data }) => titles.push(data.title));
  const subscribed = await channels.subscribeNotifications();
  expect(subscribed).toEqual({ channel: `notifications/${user}`, offset: 1, recovered: true, replayed: 1 });
  await notify(user, "now");
  await filled(titles, 2);
  world.line.cut(true);
  await eventually(() => channels.state !== "connected");
  await notify(user, "away");
  world.line.mend();
  await notify(user, "again");
  await filled(titles, 4);
  expect(titles).toEqual(["before", "now", "away", "again"]);
});

test("what was handled is acknowledged: a client without a storage is not told again", async () => {
  const user = world.user();
  await notify(user, "once");
  const first = world.client(user);
  const heard: string[] = [];
  first.channels().on("notifications", ({ data }) => heard.push(data.title));
  await first.channels().subscribeNotifications();
  await filled(heard, 1);
  await first.close(); // sends the acks that wait
  const second = world.client(user).channels();
  second.on("notifications", ({ data }) => heard.push(data.title));
  expect(await second.subscribeNotifications()).toMatchObject({ replayed: 0 });
  await notify(user, "twice");
  await filled(heard, 2);
  expect(heard).toEqual(["once", "twice"]);
});

test("an event whose listener has not finished is told to the next client", async () => {
  const user = world.user();
  await notify(user, "slow");
  const first = world.client(user);
  let begun = 0;
  first.channels().on("notifications", () => {
    begun++;
    throw new Error("not finished");
  });
  await first.channels().subscribeNotifications();
  await eventually(() => begun > 0);
  await first.close();
  const second = world.client(user).channels();
  const titles: string[] = [];
  second.on("notifications", ({ data }) => titles.push(data.title));
  expect(await second.subscribeNotifications()).toMatchObject({ replayed: 1 });
  await filled(titles, 1);
  expect(titles).toEqual(["slow"]);
});

test("rooms are joined again after a cut, and what was said meanwhile follows", async () => {
  const [ann, bob, room] = [world.user(), world.user(), `room-${world.user()}`];
  const hers = world.client(ann).channels();
  const texts: unknown[] = [];
  hers.on("room_message", ({ text, from }) => texts.push([from, text]));
  expect(await hers.joinRoom(room)).toEqual({ room, members: 1 });
  const his = world.client(bob).channels();
  expect(await his.joinRoom(room)).toMatchObject({ members: 2 });
  await his.sendToRoom(room, { text: "one" });
  await filled(texts, 1);
  world.line.cut(true);
  await eventually(() => hers.state !== "connected");
  await world.backend.sendToRoom(room, { text: "two" });
  world.line.mend();
  await reaches(his, "connected");
  await his.sendToRoom(room, { text: "three" });
  await filled(texts, 3);
  expect(texts).toEqual([
    [bob, "one"],
    ["1", "two"],
    [bob, "three"],
  ]);
  expect(await hers.presence({ room })).toEqual([ann, bob].sort());
  await hers.leaveRoom(room);
  await expect(hers.sendToRoom(room, { text: "no" })).rejects.toMatchObject({ code: "FORBIDDEN" });
});

test("own messages are heard without a subscription, also by a listener that comes late", async () => {
  const [ann, bob] = [world.user(), world.user()];
  const his = world.client(bob).channels();
  const hers = world.client(ann).channels();
  await Promise.all([reaches(his, "connected"), reaches(hers, "connected")]);
  expect(await hers.sendToUser(bob, { text: "first" })).toMatchObject({ delivered: true });
  await hers.sendToUser(bob, { text: "second" });
  await his.presence({ users: [bob] }); // both messages came before this answer
  const texts: unknown[] = [];
  his.on("user_message", ({ text }) => texts.push(text));
  await filled(texts, 2);
  await hers.sendToUser(bob, { text: "third" });
  await filled(texts, 3);
  await cutAndBack(world.line, his);
  await reaches(hers, "connected");
  await hers.sendToUser(bob, { text: "fourth" });
  await filled(texts, 4);
  expect(texts).toEqual(["first", "second", "third", "fourth"]);
});

test("run results wait for their owner", async () => {
  const user = world.user();
  const session = `run-${user}`;
  const channels = world.client(user).channels();
  const results: unknown[] = [];
  channels.on("run-results", ({ data }) => results.push(data.stdout));
  await channels.subscribeRunResults(session); // pending: nobody has registered it yet
  await world.backend.registerRunSession({ sessionId: session, userId: user });
  await world.backend.pushRunResult(session, { stdout: "handshake", stderr: "", exitCode: 0, duration: 12 });
  await filled(results, 1);
  expect(results).toEqual(["handshake"]);
});

test("what is not this user's is refused, and not asked for again", async () => {
  const channels = world.client(world.user()).channels();
  await expect(channels.subscribe("notifications/somebody-else")).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(channels.subscribe("nonsense")).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  const errors: unknown[] = [];
  channels.on("error", (error) => errors.push(error));
  await cutAndBack(world.line, channels);
  expect(errors).toEqual([]);
});

test("ephemeral events arrive as they are", async () => {
  const [ann, bob] = [world.user(), world.user()];
  const his = world.client(bob).channels();
  const hers = world.client(ann).channels();
  const heard: unknown[] = [];
  his.on("chat", ({ from, content }) => heard.push([from, content]));
  his.on("typing", ({ from }) => heard.push([from, "is typing"]));
  await Promise.all([reaches(his, "connected"), reaches(hers, "connected")]);
  hers.typing({ to: bob });
  await filled(heard, 1);
  await hers.chat("handshake all");
  await filled(heard, 2);
  expect(heard).toEqual([
    [ann, "is typing"],
    [ann, "handshake all"],
  ]);
});

test("notifications to everyone survive a cut, and a reload with a storage", async () => {
  const user = world.user();
  const storage = memoryStorage();
  const first = world.client(user, { storage });
  const titles: string[] = [];
  first.channels().on("notifications", ({ data }) => titles.push(data.title));
  await first.channels().subscribeNotifications();
  await world.backend.notify({ everyone: true, title: "one", message: "m" });
  await filled(titles, 1);
  world.line.cut(true);
  await eventually(() => first.channels().state !== "connected");
  await world.backend.notify({ everyone: true, title: "two", message: "m" });
  world.line.mend();
  await filled(titles, 2);
  await first.close();
  await world.backend.notify({ everyone: true, title: "three", message: "m" });
  const second = world.client(user, { storage }).channels();
  second.on("notifications", ({ data }) => titles.push(data.title));
  await second.subscribeNotifications();
  await filled(titles, 3);
  expect(titles).toEqual(["one", "two", "three"]);
});

test("notifications to everyone that are asked for by name, too, are not skipped", async () => {
  const user = world.user();
  const first = world.client(user).channels();
  const heard: number[] = [];
  first.on("notifications", (_payload, { channel, offset }) => channel.endsWith(":everyone") && heard.push(offset));
  await first.subscribeNotifications();
  await world.backend.notify({ everyone: true, title: "1", message: "m" });
  await filled(heard, 1);
  await first.close();
  for (let n = 0; n < 20; n++) await world.backend.notify({ everyone: true, title: "away", message: "m" });
  const second = world.client(user).channels();
  const missed: number[] = [];
  second.on("notifications", (_payload, { channel, offset }) => channel.endsWith(":everyone") && missed.push(offset));
  await Promise.all([second.subscribeNotifications(), second.subscribe("notifications/:everyone")]);
  await filled(missed, 20);
  expect(missed).toEqual(Array.from({ length: 20 }, (_, at) => (heard[0] ?? 0) + 1 + at));
});

test("a listener that comes while the rest is being restored hears its channel, too", async () => {
  const user = world.user();
  const session = `of-${user}-0`;
  await notify(user, "before");
  await world.backend.registerRunSession({ sessionId: session, userId: user });
  await world.backend.pushRunResult(session, { stdout: "", stderr: "", exitCode: 0, duration: 1 });
  const channels = world.client(user).channels();
  // More than go out at once, so that the first one is done long before the last.
  const wishes = [`notifications/${user}`, ...Array.from({ length: 80 }, (_, n) => `run-results/of-${user}-${n}`)];
  const restored = Promise.all(wishes.map((channel) => channels.subscribe(channel)));
  const runs: string[] = [];
  channels.on("run-results", ({ channel }) => runs.push(channel));
  await filled(runs, 1); // the second wish has been granted, and the first one with it
  expect(channels.state).not.toBe("connected");
  const titles: string[] = [];
  channels.on("notifications", ({ data }) => titles.push(data.title));
  await restored;
  await notify(user, "after");
  await filled(titles, 2);
  expect(titles).toEqual(["before", "after"]);
});
