// The crew: worker processes that are started again when they crash, and stopped one after the other.
import cluster, { type Worker } from "node:cluster";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { isOurs, type ToWorker } from "./ipc.ts";

/** A crashed worker is replaced after so long, twice as long after each crash that follows soon, up to the longest. */
const BACKOFF_MS = { first: 250, longest: 30_000 };
/** A worker that has lived so long was all right: its next crash counts as the first. */
const HEALTHY_MS = 30_000;
/** Whoever has not ended so long after the stop began is killed. */
const STOP_WITHIN_MS = 9500;

/** Workers of one primary process. */
export interface Crew {
  /** Starts one more. Resolves with its URLs when it serves; with undefined when it ends before: then it is not replaced. */
  recruit(): Promise<readonly string[] | undefined>;
  /**
   * No worker takes anybody in any more; after `delayMs` they send their clients away, each when the one before has ended.
   * Resolves within 10 s, with whether all ended as they should.
   */
  stop(delayMs: number): Promise<boolean>;
}

/** A worker's process: whether it serves yet, and its end, with whether that was a good one. */
interface Running {
  serves: boolean;
  readonly ended: Promise<boolean>;
}

/** Makes an empty crew. `env` is added to the environment of each worker. */
export function createCrew(env: Readonly<Record<string, string>>, logger: Logger): Crew {
  const running = new Map<Worker, Running>();
  let stopping = false;

  /** Starts a process. Resolves with its URLs when it serves, or with undefined when it ends without. */
  function start(crashes: number, replace: (serves: boolean) => boolean): Promise<readonly string[] | undefined> {
    const worker = cluster.fork(env);
    const started = performance.now();
    return new Promise((resolve) => {
      const ended = new Promise<boolean>((settle) => {
        worker.once("exit", (code: number | null, signal: string | null) => {
          running.delete(worker);
          settle(code === 0 || !state.serves);
          resolve(undefined);
          if (stopping || !replace(state.serves)) return;
          const soon = performance.now() - started < HEALTHY_MS ? crashes + 1 : 1;
          const pauseMs = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** (soon - 1));
          logger.error({ pid: worker.process.pid, code, signal, pauseMs }, "a worker has ended: it is replaced");
          setTimeout(() => stopping || void start(soon, () => true), pauseMs);
        });
      });
      const state: Running = { serves: false, ended };
      running.set(worker, state);
      worker.on("message", (message: unknown) => {
        if (!isOurs(message)) return;
        if (message.classwire === "bind") tell(worker, { classwire: "bound", session: message.session });
        if (message.classwire !== "serving") return;
        state.serves = true;
        resolve(message.urls);
      });
    });
  }

  async function stopOne(worker: Worker, { serves, ended }: Running, killAt: number): Promise<boolean> {
    if (serves) tell(worker, { classwire: "stop" });
    const leftMs = serves ? killAt - performance.now() : 0; // one that is still starting has nobody to send away
    const timer = setTimeout(() => worker.process.kill("SIGKILL"), leftMs);
    const clean = await ended;
    clearTimeout(timer);
    return clean;
  }

  return {
    recruit: () => start(0, (serves) => serves),
    async stop(delayMs) {
      stopping = true;
      const began = performance.now();
      for (const worker of running.keys()) tell(worker, { classwire: "drain" });
      await delay(delayMs);
      const line = [...running];
      const last = began + STOP_WITHIN_MS;
      // Each has its share of the time that is left, so that the last one can send its clients away in peace too.
      const share = (last - performance.now()) / line.length;
      const clean: Promise<boolean>[] = [];
      for (const [worker, state] of line) {
        const one = stopOne(worker, state, last);
        clean.push(one);
        await Promise.race([one, delay(share, undefined, { ref: false })]);
      }
      return (await Promise.all(clean)).every(Boolean);
    },
  };
}

/** A worker that is gone hears nothing, and need not. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
