// A process stands still, and a clock jumps: what a program notices of it.
import { afterAll, expect, it } from "vitest";
import { type Child, startChild } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { makeClock } from "./clock.ts";
import { stall } from "./stall.ts";

const children: Child[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** A program that prints, again and again, its time of day and its monotonic time. */
function startWatch(env: Readonly<Record<string, string>> = {}): {
  child: Child;
  latest(): [day: number, steady: number];
} {
  const program = "setInterval(() => console.log(JSON.stringify([Date.now(), performance.now()])), 10)";
  const child = startChild(process.execPath, ["-e", program], { env: { ...process.env, ...env } });
  children.push(child);
  return { child, latest: () => JSON.parse(child.lines.at(-1) ?? "[0,0]") };
}

it("a stalled process does nothing meanwhile, and goes on", async () => {
  const { child } = startWatch();
  await eventually(() => child.lines.length > 0);
  await stall(child, 300);
  const gaps = (): number[] => {
    const times = child.lines.map((line) => JSON.parse(line)[1]);
    return times.map((time, at) => time - (times[at - 1] ?? time));
  };
  await eventually(() => Math.max(...gaps()) >= 250);
});

it("a clock jumps an hour ahead and an hour back, and the monotonic one does not", async () => {
  const clock = makeClock();
  const { child, latest } = startWatch(clock.env);
  const ahead = (): number => (latest()[0] - Date.now()) / 60_000;
  await eventually(() => Math.abs(ahead()) < 1);
  clock.jump(3_600_000);
  await eventually(() => Math.abs(ahead() - 60) < 1);
  clock.jump(-3_600_000);
  await eventually(() => Math.abs(ahead() + 60) < 1);
  expect(latest()[1]).toBeLessThan(120_000);
  child.kill("SIGKILL");
  await child.exited;
  clock.remove();
});
