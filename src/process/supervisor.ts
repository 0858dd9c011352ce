// The supervisor of the worker processes: starts them, replaces those that crash, shuts them down one after the other.
import cluster, { type Worker } from "node:cluster";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { type Distributor, send } from "./connection-distributor.ts";
import { type FromWorker, isIpcMessage } from "./ipc.ts";
import { watchLiveness } from "./liveness.ts";

/** The pause before a crashed worker is replaced, in milliseconds; it doubles with each crash that follows soon. */
const BACKOFF_MS = { first: 250, longest: 30_000 };
/** A worker that has run for this long, in milliseconds, was healthy: its next crash counts as the first. */
const HEALTHY_MS = 30_000;
/** Workers that have not ended this long after the shutdown began, in milliseconds, are killed. */
const SHUTDOWN_TIMEOUT_MS = 9500;

/** Supervises the workers of this primary process. */
export interface Supervisor {
  /** Starts a worker. Resolves with true when it serves, or with false when it ends before: then it is not replaced. */
  startWorker(): Promise<boolean>;
  /**
   * Drains all workers at once and, after `delayMs`, shuts them down one after the other. Resolves within 10 s: true when all
   * of them ended with exit code 0.
   */
  shutDown(delayMs: number): Promise<boolean>;
}

/** Creates a supervisor without workers. `env` is added to the environment of each; `distributor` knows of those that serve. */
export function createSupervisor(
  env: Readonly<Record<string, string>>,
  distributor: Distributor,
  logger: Logger,
): Supervisor {
  return new WorkerSupervisor(env, distributor, logger);
}

/** A running worker. */
interface Running {
  /** The worker has said that it is ready. */
  ready: boolean;
  /** Resolves when the process has ended: true for exit code 0, and for a process that never became ready. */
  readonly ended: Promise<boolean>;
}

class WorkerSupervisor implements Supervisor {
  readonly #env: Readonly<Record<string, string>>;
  readonly #distributor: Distributor;
  readonly #logger: Logger;
  readonly #running = new Map<Worker, Running>();
  #shuttingDown = false;

  constructor(env: Readonly<Record<string, string>>, distributor: Distributor, logger: Logger) {
    this.#env = env;
    this.#distributor = distributor;
    this.#logger = logger;
  }

  startWorker(): Promise<boolean> {
    return this.#fork(0, (ready) => ready);
  }

  async shutDown(delayMs: number): Promise<boolean> {
    this.#shuttingDown = true;
    const killAt = performance.now() + SHUTDOWN_TIMEOUT_MS;
    for (const worker of this.#running.keys()) send(worker, { classwire: "drain" });
    await delay(delayMs);
    const workers = [...this.#running];
    // Each has its share of the time that is left, so that the last one can close its connections in peace too.
    const shareMs = (killAt - performance.now()) / workers.length;
    const clean: Promise<boolean>[] = [];
    for (const [worker, running] of workers) {
      this.#distributor.retire(worker);
      const ended = shutDownWorker(worker, running, killAt);
      clean.push(ended);
      await Promise.race([ended, delay(shareMs, undefined, { ref: false })]);
    }
    return (await Promise.all(clean)).every(Boolean);
  }

  /**
   * Starts a process. Resolves with true when it serves, or with false when it ends before. `crashes` is how often its
   * predecessors have crashed in a row; `replace` decides by whether it was ready if its end is a crash to recover from.
   */
  #fork(crashes: number, replace: (ready: boolean) => boolean): Promise<boolean> {
    const worker = cluster.fork(this.#env);
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const ended = new Promise<boolean>((settle) => {
        worker.once("exit", (code: number | null, signal: string | null) => {
          this.#running.delete(worker);
          settle(code === 0 || !running.ready);
          resolve(false);
          if (this.#shuttingDown || !replace(running.ready)) return;
          const inARow = performance.now() - startedAt < HEALTHY_MS ? crashes + 1 : 1;
          const pauseMs = this.#replaceLater(inARow);
          this.#logger.error({ pid: worker.process.pid, code, signal, pauseMs }, "a worker has ended and is replaced");
        });
      });
      // When all that it sent has been heard as well.
      worker.process.once("close", () => this.#distributor.remove(worker));
      const running: Running = { ready: false, ended };
      this.#running.set(worker, running);
      worker.on("message", (message: unknown) => {
        if (!isIpcMessage(message)) return;
        this.#distributor.hear(worker, message as FromWorker);
        if (message.classwire !== "ready") return;
        running.ready = true;
        this.#serve(worker);
        resolve(true);
      });
    });
  }

  /** From now on it gets connections, and has to answer. */
  #serve(worker: Worker): void {
    this.#logger.info({ pid: worker.process.pid }, "a worker serves");
    this.#distributor.add(worker);
    const giveUp = () => {
      this.#logger.error({ pid: worker.process.pid }, "a worker does not answer any more and is killed");
      worker.process.kill("SIGKILL");
    };
    watchLiveness(worker, () => this.#distributor.ping(worker), giveUp);
  }

  /** Starts a replacement after a pause. @returns the pause in milliseconds */
  #replaceLater(crashes: number): number {
    const pauseMs = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** (crashes - 1));
    setTimeout(() => this.#shuttingDown || void this.#fork(crashes, () => true), pauseMs);
    return pauseMs;
  }
}

/** Shuts a worker down, or kills it at `killAt` (`performance.now()`). Resolves with whether it ended cleanly. */
async function shutDownWorker(worker: Worker, { ready, ended }: Running, killAt: number): Promise<boolean> {
  if (ready) send(worker, { classwire: "shut-down" });
  const leftMs = ready ? killAt - performance.now() : 0; // one that is still starting has no connections to close
  const timer = setTimeout(() => worker.process.kill("SIGKILL"), leftMs);
  const clean = await ended;
  clearTimeout(timer);
  return clean;
}
