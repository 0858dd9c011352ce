// Redis killed for 12 s, frozen for 10 s, cut off 20 times and poisoned with 10 000 malformed messages under two nodes in
// processes of their own, while events flow. Usage: npx tsx bench/outage.ts
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { call, crossing, type Flow, startFlow } from "../test/scenarios/flow.ts";
import { addressOf, listen } from "../test/scenarios/nodes.ts";
import { cutConnections, poison } from "../test/scenarios/poison.ts";
import { eventually } from "../test/support/eventually.ts";
import { startServices } from "./services.ts";

const services = await startServices();
const nodes = await Promise.all([services.spawn(), services.spawn()]);
const [a, b] = [addressOf(nodes[0].url), addressOf(nodes[1].url)];
const near = await listen(a, "/channels", "near");
const far = await listen(b, "/channels", "far");
await crossing(a, far);

/** Megabytes that a process holds (VmRSS of proc(5)). */
const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
const readiness = async () => (await call(a, "GET", "/readyz")).text;

async function stage(name: string, outage: (during: () => Promise<void>, flow: Flow) => Promise<void>): Promise<void> {
  const flow = await startFlow([a, b], name.replaceAll(" ", "-"));
  await sleep(2000);
  let local = 0;
  await outage(async () => {
    await eventually(async () => (await call(a, "GET", "/readyz")).status === 503);
    local = await crossing(a, near);
  }, flow);
  const back = await crossing(a, far);
  const { published, listeners } = await flow.finish();
  const alive = nodes.every((node) => node.isRunning());
  console.log(
    `${name}: ${published} events, none missing with ${listeners} listeners; local delivery during it ${Math.round(local)} ms; ` +
      `remote delivery back after ${Math.round(back)} ms; nodes alive: ${alive}; ` +
      `resident MB ${nodes.map(({ pid }) => resident(pid).toFixed(0)).join(" and ")}`,
  );
  if (!alive || back > 2000) process.exitCode = 1;
}

await stage("warm", async () => sleep(3000));
const before = nodes.map(({ pid }) => resident(pid));
await stage("killed 12 s", async (during) => {
  await services.redis.stop();
  const end = sleep(12_000);
  await during();
  console.log(`  /readyz says ${await readiness()}`);
  await end;
  await services.redis.restart();
});
await stage("frozen 10 s", async (during) => {
  services.redis.pause();
  const end = sleep(10_000);
  await during();
  await end;
  services.redis.resume();
});
await stage("cut 20 times", () => cutConnections(services.redis.url, 20, 300));
await stage("poisoned 10 000 times", () => poison(services.redis.url, 10_000));
await sleep(3000);
const grown = nodes.map(({ pid }, index) => resident(pid) - (before[index] ?? 0));
const noise = nodes.flatMap(({ lines }) => lines.filter((line) => /unhandled|uncaught/i.test(line)));
console.log(`grown by ${grown.map((mb) => mb.toFixed(0)).join(" and ")} MB; unhandled: ${noise.length}`);
if (grown.some((mb) => mb > 50) || noise.length > 0) process.exitCode = 1;
for (const listener of [near, far]) listener.close();
const exits = await Promise.all(nodes.map((node) => node.stop()));
console.log(`exits ${exits.map(({ code, signal }) => signal ?? code).join(" and ")}`);
await services.stop();
