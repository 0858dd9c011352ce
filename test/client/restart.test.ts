// A server that is killed and started again on the same data: its clients notice a pause and nothing else.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { createEmitter } from "../../src/emitter/index.ts";
import { startCuttable } from "../support/cuttable.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";
import { filled, reaches } from "./world.ts";

test("kill -9 and a restart: every event arrives once, in order", async () => {
  const directory = mkdtempSync(join(tmpdir(), "classwire-restart-"));
  const start = () => spawnServer({ DATABASE_URL: "", LOG_LEVEL: "warn" }, { directory });
  let server: SpawnedServer = await start();
  const line = await startCuttable(() => server.ports[0] ?? 0);
  const client = createClient({ url: line.url, token: signToken("42"), backoff: { first: 20, longest: 500 } });
  try {
    const backend = createEmitter({ api: { url: line.url, token: signToken({ sub: "1", role: "service" }) } });
    const scores: number[] = [];
    const titles: string[] = [];
    client.dashboard().on("quiz_completed", ({ score }) => scores.push(score));
    client.channels().on("notifications", ({ data }) => titles.push(data.title));
    await client.channels().subscribeNotifications();
    await reaches(client.dashboard(), "connected");
    const publish = async (round: number): Promise<void> => {
      const lesson = { topic_id: "constants", chapter_id: "boolean-constants", total_questions: 10 };
      await backend.addQuiz({ user_id: 42, score: round, ...lesson });
      await backend.notify({ userId: "42", title: `t${round}`, message: "m" });
    };
    await publish(1);
    await publish(2);
    server.kill("SIGKILL");
    await server.exited;
    const whileDown = publish(3); // tried again until the server is back
    server = await start();
    await whileDown;
    await publish(4);
    await filled(scores, 4);
    await filled(titles, 4);
    expect(scores).toEqual([1, 2, 3, 4]);
    expect(titles).toEqual(["t1", "t2", "t3", "t4"]);
  } finally {
    await client.close();
    await line.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

test("acks of a database that is gone do not count in the one that took its place", async () => {
  let server: SpawnedServer = await spawnServer({ LOG_LEVEL: "warn" });
  const line = await startCuttable(() => server.ports[0] ?? 0);
  const token = signToken("43");
  const client = createClient({ url: line.url, token, backoff: { first: 20, longest: 200 } });
  const other = createClient({ url: line.url, token, backoff: { first: 20, longest: 200 } });
  try {
    const backend = createEmitter({ api: { url: line.url, token: signToken({ sub: "1", role: "service" }) } });
    const notify = (title: string) => backend.notify({ userId: "43", title, message: "m" });
    const handled: string[] = [];
    let busy: Promise<void> | undefined;
    client.channels().on("notifications", async ({ data }) => {
      await busy;
      handled.push(data.title);
    });
    await client.channels().subscribeNotifications();
    for (let n = 0; n < 10; n++) await notify("old");
    await filled(handled, 10);
    line.cut(true); // the acks have a quarter of a second to wait for each other
    let free = (): void => undefined;
    busy = new Promise((resolve) => {
      free = resolve;
    });
    await server.stop();
    server = await spawnServer({ LOG_LEVEL: "warn" });
    line.mend();
    for (const title of ["new", "newer"]) await notify(title);
    await reaches(client.channels(), "connected");
    // An answer on this connection comes after whatever was acked on it.
    await client.channels().presence({ users: ["43"] });
    expect(await other.channels().subscribeNotifications()).toMatchObject({ offset: 2, replayed: 2 });
    free();
  } finally {
    await Promise.all([client.close(), other.close()]);
    await line.close();
    await server.stop();
  }
});
