// A bridge to a client that others wrote: a small program in its language that does what it is told and tells what it hears, in lines of JSON.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { eventually } from "../../support/eventually.ts";

/** What a client is told to do. A bridge has one connection at a time. */
export type Command =
  | { readonly open: string; readonly namespace?: string; readonly auth?: object }
  | { readonly send: string }
  | { readonly emit: string; readonly payload: unknown; readonly id: number }
  | { readonly close: true }
  /** Ends the connection below the protocol, as a lost network does. */
  | { readonly cut: true };

/** What a client tells of; exactly one of these. */
export interface Told {
  readonly opened?: true;
  /** The HTTP status, the server's reason, or null where the client does not learn it. */
  readonly refused?: unknown;
  readonly message?: string;
  readonly event?: string;
  readonly args?: readonly unknown[];
  /** The id of an `emit`, whose answer is in `args`. */
  readonly ack?: number;
  /** The close code, or Socket.IO's reason. */
  readonly closed?: number | string;
}

/** A client that is there. */
export interface Bridge {
  tell(command: Command): void;
  /** The first thing told since the last `open` that matches, told already or still to be. @throws with all that was told */
  hears(what: string, match: (told: Told) => boolean): Promise<Told>;
  /** Whether it can end a connection below the protocol. */
  readonly cuts: boolean;
  end(): Promise<void>;
}

/** How long a client may take for anything, in milliseconds: a Go program is compiled first. */
const TIMEOUT_MS = 60_000;

/** What a client has told, for {@link Bridge.hears}. */
export class Ear {
  #told: Told[] = [];

  /** Forgets what was told. */
  clear(): void {
    this.#told = [];
  }

  hear(told: Told): void {
    this.#told.push(told);
  }

  /** @see Bridge.hears */
  async hears(what: string, match: (told: Told) => boolean, problem: () => string | undefined): Promise<Told> {
    const found = (): Told | undefined => this.#told.find(match);
    return eventually(() => found() ?? (problem() === undefined ? undefined : {}), { timeoutMs: TIMEOUT_MS, what })
      .then((told) => found() ?? Promise.reject(new Error(`${problem() ?? JSON.stringify(told)}`)))
      .catch((error: unknown) => {
        throw new Error(`${error instanceof Error ? error.message : error}; told: ${JSON.stringify(this.#told)}`);
      });
  }
}

/** Starts a bridge's program; it ends when its standard input does. */
export function startBridge(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Bridge {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const ear = new Ear();
  const errors: string[] = [];
  let ended: string | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => ear.hear(JSON.parse(line) as Told));
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  child.once("error", (error) => (ended = String(error)));
  const closed = once(child, "close").then(([code]) => (ended = `it ended (${code}): ${errors.slice(-5).join("\n")}`));
  child.stdin.on("error", () => undefined); // `ended` says it
  return {
    tell(command) {
      if ("open" in command) ear.clear();
      child.stdin.write(`${JSON.stringify(command)}\n`);
    },
    hears: (what, match) => ear.hears(what, match, () => ended),
    cuts: true,
    async end() {
      child.stdin.end();
      const killing = setTimeout(() => child.kill("SIGKILL"), 5000);
      await closed;
      clearTimeout(killing);
    },
  };
}
