// A server that is killed at a random moment under load loses nothing that it has acknowledged. CRASH_ROUNDS=20 for a soak.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { freePort } from "../../../scripts/free-ports.mjs";
import { eventually } from "../../support/eventually.ts";
import { printedRandom } from "../../support/random.ts";
import { createDatabase } from "../../support/shared.ts";
import { type SpawnedServer, spawnServer } from "../../support/spawn-server.ts";
import { signToken } from "../../support/tokens.ts";
import { type Student, type Subscriber, study, subscribe } from "./listeners.ts";
import { type Acknowledged, publish } from "./publishers.ts";

const random = printedRandom("crash");

const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 2);
const users = Array.from({ length: 20 }, (_, index) => `u${index}`);
const service = { authorization: `Bearer ${signToken({ sub: "1", role: "service" })}` };
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

interface Kept {
  offset: number;
  id: string;
  data: { title: string };
}

async function eventsOf(url: string, user: string): Promise<Kept[]> {
  const events: Kept[] = [];
  for (;;) {
    const since = events.at(-1)?.offset ?? 0;
    const answer = await fetch(`${url}/api/v1/channels/notifications/${user}/events?since=${since}&limit=1000`, {
      headers: service,
    });
    const page = (await answer.json()) as { events: Kept[] };
    if (page.events.length === 0) return events;
    events.push(...page.events);
  }
}

async function checkLog(url: string, acknowledged: readonly Acknowledged[], subscribers: readonly Subscriber[]) {
  for (const user of users) {
    const events = await eventsOf(url, user);
    const offsets = events.map(({ offset }) => offset);
    expect(offsets, "offsets without holes").toEqual(offsets.map((_, index) => index + 1));
    const titles = events.map(({ data }) => data.title);
    expect(new Set(titles).size, "an event twice").toBe(titles.length);
    const byTitle = new Map(events.map((event) => [event.data.title, event]));
    for (const { title, offset, id } of acknowledged.filter(({ channel }) => channel === `notifications/${user}`)) {
      expect(byTitle.get(title), "an acknowledged event").toMatchObject({ offset, id });
    }
    const subscriber = subscribers.find((one) => one.user === user);
    if (subscriber !== undefined) {
      await eventually(() => subscriber.offsets.length >= offsets.length, { what: `everything to reach ${user}` });
      expect(subscriber.offsets, "what a subscriber got").toEqual(offsets);
    }
  }
}

async function checkStudy(url: string, students: readonly Student[]) {
  for (const { user, course, acknowledged } of students) {
    const answer = await fetch(`${url}/api/v1/study-time/${user}/${course}`, { headers: service });
    const { studyTime } = (await answer.json()) as { studyTime: number };
    expect(studyTime, `the study time of ${user}`).toBeGreaterThanOrEqual(acknowledged);
  }
}

describe.each([
  ["PGlite", async () => ({ DATABASE_URL: "" })],
  ["PostgreSQL", async () => ({ DATABASE_URL: await createDatabase() })],
])("killed on %s", (_name, database) => {
  it(
    `${ROUNDS} times, it has kept everything that it acknowledged`,
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "classwire-crash-"));
      directories.push(directory);
      const port = await freePort();
      const env = {
        ...(await database()),
        PORT: String(port),
        EVENT_RETENTION_COUNT: "1000000",
        CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
        LOG_LEVEL: "warn",
      };
      const url = `http://127.0.0.1:${port}`;
      const start = (): Promise<SpawnedServer> => spawnServer(env, { directory });
      let server = await start();
      const publishers = publish(url, users, 500);
      const subscribers = users.slice(0, 5).map((user) => subscribe(url, user));
      const students = Array.from({ length: 200 }, (_, index) => study(url, `s${index}`, 500));
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const before = publishers.acknowledged.length;
          await eventually(() => publishers.acknowledged.length > before + 100, { timeoutMs: 30_000 });
          await delay(random.fraction() * 1500); // the moment of death is meant to be any
          server.kill("SIGKILL");
          await server.exited;
          server = await start();
        }
        await publishers.finish();
        for (const student of students) student.close();
        await checkLog(server.url, publishers.acknowledged, subscribers);
        await checkStudy(server.url, students);
        expect(students.some(({ acknowledged }) => acknowledged > 0)).toBe(true);
      } finally {
        for (const listener of [...subscribers, ...students]) listener.close();
        await server.stop();
      }
    },
    60_000 + ROUNDS * 20_000,
  );
});
