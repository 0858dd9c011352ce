// Handles that are closed and asked for again at once: the new one lives, and nothing of the old one counts any more.
import { expect, test } from "vitest";
import type { ChannelsClient, Client } from "../../src/client/index.ts";
import { eventually } from "../support/eventually.ts";
import { filled, reaches, startWorld } from "./world.ts";

const world = startWorld();

/** Whether the server counts a user as online. */
async function isOnline(watcher: Client, user: string): Promise<boolean> {
  return (await watcher.channels().presence({ users: [user] })).length > 0;
}

test.each(["channels", "dashboard"] as const)("%s closed and asked for at once is a living one", async (name) => {
  const user = world.user();
  const client = world.client(user);
  const keeper = name === "channels" ? client.dashboard() : client.channels();
  await reaches(keeper, "connected");
  const lost: unknown[] = [];
  (keeper as ChannelsClient).on("disconnected", (report) => lost.push(report));
  for (let n = 0; n < 10; n++) {
    const handle = client[name]();
    expect(handle.state).not.toBe("closed");
    void handle.close();
    expect(handle.state).toBe("closed");
  }
  await reaches(client[name](), "connected");
  expect(lost).toEqual([]);
});

test("while a listener of the old one runs, the new one waits for it and hears the event no second time", async () => {
  const user = world.user();
  const client = world.client(user);
  const old = client.channels();
  const heard: string[] = [];
  let finish = (): void => undefined;
  old.on("notifications", ({ data }) => {
    heard.push(`old ${data.title}`);
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  await old.subscribeNotifications();
  await world.backend.notify({ userId: user, title: "first", message: "…" });
  await filled(heard, 1);
  const closed = old.close();
  const next = client.channels();
  expect(next).not.toBe(old);
  expect(next.state).not.toBe("closed");
  expect(client.channels()).toBe(next);
  next.on("notifications", ({ data }) => heard.push(`new ${data.title}`));
  const subscribed = next.subscribeNotifications();
  await world.backend.notify({ userId: user, title: "second", message: "…" });
  finish();
  await Promise.all([closed, subscribed]);
  await filled(heard, 2);
  expect(heard).toEqual(["old first", "new second"]);
  await reaches(next, "connected");
});

test("a listener that never ends does not keep the new one from connecting", async () => {
  const user = world.user();
  const client = world.client(user, { timeoutMs: 300 });
  const old = client.channels();
  const heard: unknown[] = [];
  old.on("notifications", () => {
    heard.push(1);
    return new Promise(() => undefined);
  });
  await old.subscribeNotifications();
  await world.backend.notify({ userId: user, title: "first", message: "…" });
  await filled(heard, 1);
  void old.close();
  const next = client.channels();
  next.on("notifications", ({ data }) => heard.push(data.title));
  await reaches(next, "connected");
  await next.subscribeNotifications();
  expect(await filled(heard, 2)).toEqual([1, "first"]);
});

test("one that is closed before it was in does not count as online, also where another namespace stays", async () => {
  const user = world.user();
  const watcher = world.client(world.user());
  const client = world.client(user);
  await reaches(client.dashboard(), "connected");
  const handle = client.channels();
  await eventually(() => handle.state === "connecting");
  for (let turn = 0; turn < 3; turn++) await Promise.resolve(); // its CONNECT is on the way
  await handle.close();
  await client.dashboard().snapshot(); // the server has seen everything before it
  await eventually(async () => !(await isOnline(watcher, user)));
  await reaches(client.channels(), "connected");
  expect(await isOnline(watcher, user)).toBe(true);
  await client.channels().close();
  await eventually(async () => !(await isOnline(watcher, user)));
});
