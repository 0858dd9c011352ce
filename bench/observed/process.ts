// What a process has used, as Linux tells it (proc(5)).
import { readFileSync } from "node:fs";

/** Microseconds in a clock tick (getconf CLK_TCK). */
const TICK_US = 10_000;

/** Milliseconds of CPU that a process has used so far. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * TICK_US) / 1000;
}

/** Megabytes that a process holds now, and the most that it has held. */
export function memoryMb(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { now: kilobytes("VmRSS") / 1024, most: kilobytes("VmHWM") / 1024 };
}

/** How loaded the machine is: the processes that wanted to run, averaged over a minute. */
export const load = (): string => readFileSync("/proc/loadavg", "utf8").split(" ")[0] ?? "";
