// A PGlite that lets others have a turn, notices when the server inside has broken down, and then believes nothing it says.
import { setImmediate } from "node:timers/promises";
import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { DatabaseBrokenError } from "./errors.ts";

/**
 * PostgreSQL ends itself with PANIC when it cannot go on, for example without space for its log, and is then meant to be
 * started again. PGlite swallows that, goes on with the damaged server and can answer a commit that has failed with success
 * (0.5.16). What the server writes to its standard error is the only sign.
 */
const BREAKDOWN = /\bPANIC: |^Aborted\(/;
const FATAL = /\b(PANIC|FATAL): /;
/** The time and the process in front of it. */
const BEFORE_LEVEL = /^.*?\b(?=(PANIC|FATAL): )/;
/** Last lines that are kept, to say why it does not start. */
const KEPT_LINES = 50;

/** What the server has said. */
interface Condition {
  readonly lines: string[];
  /** The line with which it broke down. */
  breakdown?: string;
}

/** A server that runs; make it with `startServer`. */
export class Server extends PGlite {
  readonly #condition: Condition;

  constructor(options: PGliteOptions, condition: Condition) {
    super(options);
    this.#condition = condition;
  }

  /** The line with which it broke down, if it has. */
  get breakdown(): string | undefined {
    return this.#condition.breakdown;
  }

  /** Every statement, Prisma's too, goes through here. @throws DatabaseBrokenError */
  override execProtocolRawSync(message: Uint8Array): Uint8Array {
    this.#check();
    const answer = super.execProtocolRawSync(message);
    this.#check();
    return answer;
  }

  /** Once per statement. All of PGlite happens in microtasks: without a pause, many statements would stop everything else. */
  override _runExclusiveQuery<T>(statement: () => Promise<T>): Promise<T> {
    return super._runExclusiveQuery(async () => {
      await setImmediate();
      return statement();
    });
  }

  #check(): void {
    if (this.#condition.breakdown !== undefined) throw new DatabaseBrokenError(this.#condition.breakdown);
  }
}

/** Starts one. @throws DatabaseBrokenError with what the server said, when it does not start */
export async function startServer(options: PGliteOptions): Promise<Server> {
  const condition: Condition = { lines: [] };
  const server = new Server({ ...options, onStderr: (text) => hear(condition, text) }, condition);
  try {
    await server.waitReady;
    return server;
  } catch (error) {
    const said =
      condition.lines.find((line) => FATAL.test(line)) ?? (error instanceof Error ? error.message : String(error));
    throw new DatabaseBrokenError(`The embedded database does not start: ${said.replace(BEFORE_LEVEL, "").trim()}`, {
      cause: error,
    });
  }
}

/** @returns true, by which PGlite passes the line on to its own log, which is off */
function hear(condition: Condition, text: string): true {
  condition.lines.push(text);
  if (condition.lines.length > KEPT_LINES) condition.lines.shift();
  if (BREAKDOWN.test(text)) condition.breakdown ??= text.replace(BEFORE_LEVEL, "").trim();
  return true;
}
