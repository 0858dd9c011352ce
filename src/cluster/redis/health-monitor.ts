// Knows whether Redis answers, and lets no command wait longer than that takes.
import { Listeners } from "../listeners.ts";
import type { Connection } from "./connection.ts";
import type { Timing } from "./timing.ts";
import { Unavailable } from "./unavailable.ts";

/** The number of ticks in a deadline. */
const TICKS = 4;

/** One command that waits for its answer. */
type Waiting = { readonly tick: number; readonly reject: (error: Error) => void };

/**
 * Watches one connection. Time is counted in ticks of a timer, not by the clock: a process that was busy or frozen for
 * seconds sees one late tick, reads the answers that have come meanwhile, and declares nobody dead.
 */
export class HealthMonitor {
  readonly #connection: Connection;
  readonly #waiting = new Set<Waiting>();
  readonly #changes = new Listeners<"up" | "down">();
  readonly #timer: NodeJS.Timeout;
  #tick = 0;
  #up = false;
  #probing = false;
  #attempts = 0;

  constructor(connection: Connection, timing: Timing) {
    this.#connection = connection;
    connection.on("error", (error: unknown) => this.#down(String(error)));
    connection.on("end", () => this.#down("connection closed"));
    connection.on("ready", () => this.#probe());
    this.#timer = setInterval(() => this.#onTick(), timing.deadlineMs / TICKS);
    this.#timer.unref();
  }

  /** Whether Redis answers. */
  isUp(): boolean {
    return this.#up;
  }

  /** Whether a connection has ever failed or succeeded; before that nothing is known. */
  isKnown(): boolean {
    return this.#attempts > 0;
  }

  /** Hears `up` and `down` (also when it was down before: each failed attempt); returns how to stop. */
  onChange(listener: (state: "up" | "down") => void): () => void {
    return this.#changes.add(listener);
  }

  /**
   * Hands the answer to `note` and settles as that does. Notes are taken in the order of the answers, which is that of
   * the commands, however many promises the callers put around them. An answer that comes too late is not noted.
   * @throws Unavailable when Redis stops answering before
   */
  guard<R, T>(command: Promise<R>, note: (reply: R) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { tick: this.#tick, reject };
      this.#waiting.add(waiting);
      command
        .then((reply) => {
          if (this.#waiting.delete(waiting)) resolve(note(reply));
        })
        .catch((error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        });
    });
  }

  /** How many commands wait for an answer. */
  inFlight(): number {
    return this.#waiting.size;
  }

  /** Stops watching; what still waits is rejected. */
  close(): void {
    clearInterval(this.#timer);
    this.#changes.clear();
    this.#down("closed");
  }

  #onTick(): void {
    this.#tick += 1;
    const [oldest] = this.#waiting;
    if (oldest !== undefined && this.#tick - oldest.tick > TICKS) this.#down("no answer in time");
    this.#probe();
  }

  /** One ping at a time. Up, it is guarded; down, it waits for as long as the connection lasts. */
  #probe(): void {
    if (this.#probing || !this.#connection.isReady) return;
    this.#probing = true;
    const ping = this.#connection.sendCommand(["PING"]);
    const answered = this.#up ? this.guard(ping, () => undefined) : ping;
    answered
      .then(
        () => this.#answered(),
        (error: unknown) => this.#down(String(error)),
      )
      .finally(() => {
        this.#probing = false;
      });
  }

  #answered(): void {
    this.#attempts += 1;
    if (this.#up) return;
    this.#up = true;
    this.#changes.tell("up");
  }

  #down(reason: string): void {
    this.#attempts += 1;
    this.#up = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Unavailable(reason));
    this.#changes.tell("down");
  }
}
