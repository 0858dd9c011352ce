// What processes have used, by the kernel's own books.
import { readdirSync, readFileSync } from "node:fs";

/** Microseconds of CPU of all threads of these processes, user and system (proc(5): schedstat, in nanoseconds). */
export function cpuMicros(pids: readonly number[]): number {
  let nanos = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
      } catch {
        // The thread has ended meanwhile.
      }
    }
  }
  return nanos / 1000;
}

/** Resident KiB of these processes. */
export function residentKiB(pids: readonly number[]): number {
  return pids
    .map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0))
    .reduce((sum, one) => sum + one, 0);
}

/** The value below which the part `q` (0–1) of the numbers lies; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
