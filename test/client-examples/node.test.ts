// The Node examples and the store of the React one, as a user runs them, against a real server.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDashboardStore } from "../../client-examples/react/dashboardStore.js";
import { createClient } from "../../src/client/index.ts";
import { createEmitter, type DurableSends } from "../../src/emitter/index.ts";
import { startChild } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { root } from "../support/source-files.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

let server: SpawnedServer;
let backend: DurableSends;

beforeAll(async () => {
  server = await spawnServer({ LOG_LEVEL: "warn" });
  backend = createEmitter({ api: { url: server.url, token: signToken({ sub: "1", role: "service" }) } });
});
afterAll(() => server?.stop());

test.each([
  ["minimal.mjs", "7101"],
  ["client.mjs", "7102"],
])("%s tells what came before and what comes now, and not again the next time", async (name, user) => {
  const start = () =>
    startChild(process.execPath, [join(root, "client-examples/node", name), server.url], {
      env: { PATH: process.env["PATH"], TOKEN: signToken(user) },
    });
  const title = (text: string) => ({ userId: user, title: text, message: "m" });
  await backend.notify(title("before"));
  const first = start();
  await first.line(new RegExp(`^notifications/${user} #1: before: m$`));
  await backend.notify(title("now"));
  await first.line(/#2: now: m$/);
  const hasAcknowledged = async (): Promise<boolean> => {
    const watching = createClient({ url: server.url, token: signToken(user) });
    const { replayed } = await watching.channels().subscribeNotifications();
    await watching.close();
    return replayed === 0;
  };
  await eventually(hasAcknowledged);
  first.kill();
  expect((await first.exited).code).toBe(0);
  const second = start();
  await second.line(/subscribed/);
  await backend.notify(title("later"));
  await second.line(/#3: later: m$/);
  second.kill();
  await second.exited;
  expect(second.lines.filter((text) => text.startsWith("notifications/"))).toHaveLength(1);
});

test("a refused token ends both with an error", async () => {
  for (const name of ["minimal.mjs", "client.mjs"]) {
    const child = startChild(process.execPath, [join(root, "client-examples/node", name), server.url], {
      env: { PATH: process.env["PATH"], TOKEN: signToken("7103", { key: "k".repeat(40) }) },
    });
    await child.line(/INVALID_TOKEN/);
    expect((await child.exited).code).toBe(1);
  }
});

test("reconnect.mjs comes back after a limit when the server said, and after the server has ended it", async () => {
  const few = await spawnServer({ LOG_LEVEL: "warn", CHANNELS_CONNECTIONS_PER_USER: "1" });
  const other = createClient({ url: few.url, token: signToken("7105") });
  await other.channels().presence({ users: [] });
  const child = startChild(process.execPath, [join(root, "client-examples/node/reconnect.mjs"), few.url], {
    env: { PATH: process.env["PATH"], TOKEN: signToken("7105") },
  });
  await child.line(/^RATE_LIMIT at most 1 connections per user$/);
  await other.close();
  await child.line(/^connected as 7105$/, 40_000);
  const api = createEmitter({ api: { url: few.url, token: signToken({ sub: "1", role: "service" }) } });
  await api.disconnectUser("7105");
  await eventually(() => child.lines.filter((line) => line === "connected as 7105").length === 2);
  child.kill();
  await child.exited;
  await few.stop();
}, 90_000);

test("the store of the React example follows the dashboard while somebody uses it", async () => {
  const user = 7104;
  const client = createClient({ url: server.url, token: signToken(String(user)) });
  const store = createDashboardStore(client);
  let changes = 0;
  const unsubscribe = store.subscribe(() => changes++);
  const release = store.use();
  await eventually(() => store.read().status === "live");
  const lesson = { user_id: user, topic_id: "constants", chapter_id: "boolean-constants" };
  await backend.updateProgress({ ...lesson, completed: true });
  await backend.addQuiz({ ...lesson, score: 9, total_questions: 10 });
  await eventually(() => store.read().stats?.completedChapters === 1 && store.read().quizzes.length === 1);
  expect(store.read().quizzes[0]).toMatchObject({ score: 9, passed: true });
  expect(changes).toBeGreaterThan(2);
  const before = store.read();
  expect(store.read()).toBe(before); // the same object until something changes
  release();
  await eventually(() => store.read().status === "closed");
  unsubscribe();
});
