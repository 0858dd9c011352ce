// Races of 200 connections of one user over three nodes, again and again: exactly as many are left as may be, every time.
// Usage: npx tsx bench/races.ts [rounds, 100]
import { race } from "../test/scenarios/racing.ts";
import { startServices } from "./services.ts";

const ROUNDS = Number(process.argv[2] ?? 100);
const RACERS = 200;
const COURSES = [
  { namespace: "/dashboard", limit: 1, auth: {} },
  { namespace: "/study-time", limit: 1, auth: { courseId: "go" } },
  { namespace: "/channels", limit: 5, auth: {} },
];

const services = await startServices();
const nodes = await services.here(3, {
  DASHBOARD_ATTEMPTS_PER_MINUTE: "1000000",
  CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
});
let wrong = 0;
const left = new Map<string, number[]>();
const started = performance.now();
for (let round = 0; round < ROUNDS; round++) {
  for (const course of COURSES) {
    const run = await race(nodes, { ...course, user: String(1000 + round), racers: RACERS });
    const survivors = run.left.length;
    if (survivors !== course.limit || run.onServers() !== course.limit) {
      wrong++;
      console.error(`round ${round}: ${survivors} left on ${course.namespace}, ${run.onServers()} on the servers`);
    }
    left.set(course.namespace, [...(left.get(course.namespace) ?? []), survivors]);
    await run.finish();
  }
}
const seconds = Math.round((performance.now() - started) / 1000);
for (const [namespace, counts] of left) {
  console.log(`${namespace}: ${counts.length} races of ${RACERS}, left ${Math.min(...counts)}–${Math.max(...counts)}`);
}
console.log(`${wrong} wrong, ${seconds} s`);
await Promise.all(nodes.map((node) => node.close()));
await services.stop();
process.exitCode = wrong === 0 ? 0 : 1;
