// A real program as a child of the test process: its output line by line, its exit, and no orphan if the tests die.
import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { eventually } from "./eventually.ts";

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program. */
export interface Child {
  readonly pid: number;
  /** What it has printed so far, stdout and stderr together. */
  readonly lines: readonly string[];
  /** Resolves when it has ended and all of its output is in `lines`. */
  readonly exited: Promise<Exit>;
  /** False once it has ended. */
  isRunning(): boolean;
  /** Sends a signal (SIGTERM if none is named) and does not wait. */
  kill(signal?: NodeJS.Signals): void;
  /** The first line, printed already or still to come, that matches. */
  line(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Waits until `ready` returns true; fails at once, with the last output, when the program ends before. */
  until(ready: () => Promise<boolean>, timeoutMs?: number): Promise<void>;
}

/** Starts a program. Its standard input is empty; when this process ends in whatever way, so does the program. */
export function startChild(program: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const [command = program, ...rest] = [...diesWithParent(), program, ...args];
  const child = spawn(command, rest, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on("line", (line) => lines.push(line));
  const killNow = () => child.kill("SIGKILL");
  process.once("exit", killNow);
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", (error) => lines.push(String(error)));
    child.once("close", (code, signal) => {
      process.off("exit", killNow);
      resolve({ code, signal });
    });
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const output = () => lines.slice(-20).join("\n");
  return {
    pid: child.pid ?? 0,
    lines,
    exited,
    isRunning,
    kill: (signal = "SIGTERM") => void child.kill(signal),
    line: (pattern, timeoutMs = 10_000) =>
      eventually(() => lines.find((line) => pattern.test(line)), { timeoutMs, what: `a line like ${pattern}` }),
    async until(ready, timeoutMs = 30_000) {
      await eventually(async () => !isRunning() || (await ready()), { timeoutMs, what: `${program} being ready` });
      if (isRunning()) return;
      const { code, signal } = await exited;
      throw new Error(`${program} ended (${signal ?? code}) before it was ready:\n${output()}`);
    },
  };
}

/** On Linux the kernel can kill a child with its parent, which also covers a parent that was killed itself. */
function diesWithParent(): string[] {
  const setpriv = ["setpriv", "--pdeathsig", "KILL", "--"];
  const works = process.platform === "linux" && spawnSync("setpriv", [...setpriv.slice(1), "true"]).status === 0;
  return works ? setpriv : [];
}
