// Thousands of clients that are cut off and come back all at once, and broadcasts to all of them: how long everybody waits, and how
// long somebody who has nothing to do with it. npm run bench:storm [clients, 3000] [rounds, 3]
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../test/scenarios/flow.ts";
import { spawnServer } from "../test/support/spawn-server.ts";
import { observe } from "./observed/measure.ts";
import type { Order, Report } from "./storm/clients.ts";

const CLIENTS = Number(process.argv[2] ?? 3000);
const ROUNDS = Number(process.argv[3] ?? 3);
const BROADCASTS = 20;
const PAUSE_MS = 2000;

async function storm(kind: "raw" | "socket.io"): Promise<void> {
  const env = { NODE_ENV: "production", LOG_LEVEL: "warn", MAX_CONNECTIONS: "50000", TRANSPORTS: "websocket" };
  const node = await spawnServer({ ...env, CONNECT_ATTEMPTS_PER_MINUTE: "1000" }, { built: true });
  const child: ChildProcess = fork(new URL("./storm/clients.ts", import.meta.url));
  const order = async (what: Order): Promise<Report> => {
    const answer = once(child, "message");
    child.send(what);
    return (await answer)[0] as Report;
  };
  await order({ do: "connect", url: node.url, kind, count: CLIENTS });
  const observed = await observe(node.url, [node.pid]);
  await sleep(PAUSE_MS);
  const broadcasts = async (): Promise<void> => {
    for (let sent = 0; sent < BROADCASTS; sent++) {
      const all = order({ do: "heard", frames: CLIENTS });
      await call(node, "POST", "/api/v1/system", { message: `a lesson begins ${sent}`, level: "info" });
      await all;
      await sleep(100);
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    await observed.measure(`${CLIENTS} ${kind}, ${BROADCASTS} broadcasts`, broadcasts);
  }
  for (let round = 0; round < ROUNDS; round++) {
    await observed.measure(
      `${CLIENTS} ${kind}, cut off, and all back`,
      () => order({ do: "storm" }),
      ({ failed }) => `, ${failed} attempts repeated`,
    );
    await sleep(PAUSE_MS);
  }
  observed.close();
  child.kill();
  await node.stop();
}

await storm("raw");
await storm("socket.io");
process.exit();
