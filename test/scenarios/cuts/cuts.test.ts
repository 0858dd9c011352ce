// Clients whose lines are cut at random end with every event, in order. CUT_EVENTS=10000 CUT_CLIENTS=50 CUTS=20 for a soak.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startClasswire, type TestServer } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { printedRandom } from "../../support/random.ts";
import { type CutClient, rawClient, socketIoClient } from "./clients.ts";

const random = printedRandom("cuts");

const EVENTS = Number(process.env["CUT_EVENTS"] ?? 1000);
const CLIENTS = Number(process.env["CUT_CLIENTS"] ?? 10);
const AT_ONCE = 5;
const CUTS = Number(process.env["CUTS"] ?? 4);

let server: TestServer;
const clients: CutClient[] = [];
beforeAll(async () => {
  server = await startClasswire({
    EVENT_RETENTION_COUNT: "1000000",
    CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
  });
  const port = Number(new URL(server.url).port);
  for (let index = 0; index < CLIENTS; index++) {
    clients.push(await (index % 2 === 0 ? socketIoClient : rawClient)(port, `u${index}`));
  }
  await Promise.all(clients.map(({ ready }) => ready));
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
});

/** Cuts a line at random moments while events come. */
async function cut({ line, titles }: CutClient): Promise<void> {
  for (let count = 0; count < CUTS; count++) {
    const before = titles.length;
    await eventually(() => titles.length > before || titles.length >= EVENTS, { timeoutMs: 60_000 });
    await delay(random.fraction() * 200); // the moment of the cut is meant to be any
    line.cut();
  }
}

it(
  `${CLIENTS} clients, each cut ${CUTS} times, get all of ${EVENTS} events in order`,
  async () => {
    const wanted = Array.from({ length: EVENTS }, (_, index) => `event ${index}`);
    const cutting = Promise.all(clients.map(cut));
    for (let start = 0; start < EVENTS; start += AT_ONCE) {
      const { notifications } = server.classwire.services; // appends of the same moment keep their order
      await Promise.all(
        wanted.slice(start, start + AT_ONCE).map((title) => notifications.toEveryone({ title, message: "m" })),
      );
    }
    await cutting;
    for (const [index, { titles }] of clients.entries()) {
      await eventually(() => titles.includes(wanted.at(-1) ?? ""), {
        timeoutMs: 60_000,
        what: `the end at client ${index}`,
      });
      // Offsets let a Socket.IO client have each once; a raw one may be told again what its lost pong left open.
      if (index % 2 === 0) expect(titles).toEqual(wanted);
      else expect([...new Set(titles)]).toEqual(wanted);
    }
  },
  60_000 + EVENTS * 30,
);
