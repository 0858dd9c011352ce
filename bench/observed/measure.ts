// Measures what something costs a server: CPU, memory, and how long a bystander has to wait meanwhile.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Waited } from "./bystander.ts";
import { cpuMs, load, memoryMb } from "./process.ts";

/** A server, and somebody who has nothing to do with what happens there. */
export interface Observed {
  /** Does something and prints what it took; `details` of its result stand behind. */
  measure<Result>(name: string, work: () => Promise<Result>, details?: (result: Result) => string): Promise<Result>;
  close(): void;
}

/** Watches servers by their process ids; the bystander is a client of `url`. */
export async function observe(url: string, pids: readonly number[]): Promise<Observed> {
  const bystander: ChildProcess = fork(new URL("./bystander.ts", import.meta.url), [url]);
  await once(bystander, "message");
  const waited = async (): Promise<Waited> => {
    const answer = once(bystander, "message");
    bystander.send("report");
    return (await answer)[0] as Waited;
  };
  const used = () => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  return {
    async measure(name, work, details = () => "") {
      await waited();
      const [began, before] = [performance.now(), used()];
      const result = await work();
      const [took, cpu, { p50, p99, max }] = [performance.now() - began, used() - before, await waited()];
      const most = Math.max(...pids.map((pid) => memoryMb(pid).most));
      console.log(
        `${name}: ${(took / 1000).toFixed(2)} s, server CPU ${(cpu / 1000).toFixed(2)} s, bystander p50 ${p50.toFixed(0)} ` +
          `p99 ${p99.toFixed(0)} max ${max.toFixed(0)} ms, resident at most ${most.toFixed(0)} MB${details(result)} (load ${load()})`,
      );
      return result;
    },
    close: () => void bystander.kill(),
  };
}
