// What one node carries and what crossing costs Redis: memory and CPU of idle clients, CPU of a broadcast, and the CPU that Redis
// spends on a message by the number of nodes. Usage: npx tsx bench/capacity.ts [clients, 4000]
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { call } from "../test/scenarios/flow.ts";
import { startChild } from "../test/support/child.ts";
import { eventually } from "../test/support/eventually.ts";
import { startServices } from "./services.ts";

const CLIENTS = Number(process.argv[2] ?? 4000);
const BROADCASTS = 50;
const TICK_US = 10_000; // getconf CLK_TCK
const services = await startServices();

/** Microseconds of CPU that a process has used so far (proc(5)). */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Kilobytes that a process holds. */
const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

async function clients(kind: "socket.io" | "raw"): Promise<void> {
  const node = await services.spawn({ MAX_CONNECTIONS: "20000", TRANSPORTS: "websocket" });
  await sleep(2000);
  const empty = resident(node.pid);
  const crowdPath = fileURLToPath(new URL("./cluster/crowd.ts", import.meta.url));
  const began = cpu(node.pid);
  const crowd = startChild(process.execPath, ["--import", "tsx", crowdPath, node.url, String(CLIENTS), kind]);
  await crowd.line(/^in/, 120_000);
  const admitted = (cpu(node.pid) - began) / CLIENTS;
  await sleep(5000);
  const held = (resident(node.pid) - empty) / CLIENTS;
  const before = cpu(node.pid);
  await sleep(10_000);
  const idle = (cpu(node.pid) - before) / 10 / 10_000;
  const heard = () => Number(/\d+$/.exec(crowd.lines.at(-1) ?? "")?.[0] ?? 0);
  const first = heard();
  const start = cpu(node.pid);
  for (let sent = 0; sent < BROADCASTS; sent++) {
    await call(node, "POST", "/api/v1/system", { message: `a lesson begins ${sent}`, level: "info" });
    await eventually(() => heard() >= first + (sent + 1) * CLIENTS, { timeoutMs: 20_000 });
  }
  const perDelivery = (cpu(node.pid) - start) / BROADCASTS / CLIENTS;
  console.log(
    `${CLIENTS} ${kind} clients on one node: ${Math.round(admitted)} µs of CPU to let one in, ${held.toFixed(1)} KiB resident each, ` +
      `idle ${idle.toFixed(1)} % of a core, a broadcast ${perDelivery.toFixed(1)} µs per client`,
  );
  crowd.kill();
  await node.stop();
}

/** Redis' CPU for one PUBLISH of the size of a cross-node message, with so many nodes listening. */
async function redisCost(nodes: number): Promise<number> {
  const subscribers = await Promise.all(
    Array.from({ length: nodes }, async () => {
      const client = createClient({ url: services.redis.url });
      await client.connect();
      await client.pSubscribe("bench:*", () => undefined, true);
      return client;
    }),
  );
  const publisher = await createClient({ url: services.redis.url }).connect();
  const pid = Number(/process_id:(\d+)/.exec(await publisher.info("server"))?.[1]);
  const payload = "x".repeat(300);
  const before = cpu(pid);
  const messages = 100_000;
  for (let sent = 0; sent < messages; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => publisher.publish("bench:room", payload)));
  }
  const cost = (cpu(pid) - before) / messages;
  for (const client of [publisher, ...subscribers]) client.destroy();
  return cost;
}

await clients("raw");
await clients("socket.io");
for (const nodes of [1, 2, 4, 8, 16, 32]) {
  const cost = await redisCost(nodes);
  console.log(
    `${nodes} nodes: ${cost.toFixed(1)} µs of Redis for a message, ${Math.round(1e6 / cost)} a second at most`,
  );
}
await services.stop();
process.exit();
