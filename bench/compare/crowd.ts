// The bench's side of a process full of clients: starts it, gives it orders, waits for its answers.
import { type ChildProcess, fork } from "node:child_process";
import type { Answer, Order, Target } from "./orders.ts";

type Said = Order extends infer One ? (One extends { id: number } ? Omit<One, "id"> : never) : never;

/** Clients in a process of their own. */
export class Crowd {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #orders = 0;

  constructor() {
    this.#child = fork(new URL("./generator.ts", import.meta.url));
    this.#child.on("message", (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    this.#child.on("exit", (code) => {
      for (const [id, settle] of this.#waiting) settle({ id, tookMs: 0, error: `the clients' process ended: ${code}` });
    });
  }

  /** Opens clients and resolves with the milliseconds until the last one is served. */
  async open(target: Target, clients: number, atATime = 100, rooms = 0): Promise<number> {
    return (await this.#order({ do: "open", target, clients, atATime, rooms })).tookMs;
  }

  /** Ends all connections at once. */
  async cut(): Promise<void> {
    await this.#order({ do: "cut" });
  }

  /** Counts from zero. */
  async mark(): Promise<void> {
    await this.#order({ do: "mark" });
  }

  /** Resolves when so many frames have come since `mark`. */
  async received(frames: number): Promise<void> {
    await this.#order({ do: "await", frames });
  }

  /** Every client asks `times` times, `window` at once; the round trips in milliseconds. */
  async heartbeats(times: number, window = 100): Promise<readonly number[]> {
    return (await this.#order({ do: "heartbeats", times, window })).samples ?? [];
  }

  /** The first client asks at a steady rate until `stop`. */
  async beat(everyMs: number): Promise<void> {
    await this.#order({ do: "beat", everyMs });
  }

  /** Measures how long events with `"at"` were on their way, until `stop`. */
  async listen(): Promise<void> {
    await this.#order({ do: "listen" });
  }

  /** What was measured since `beat` or `listen`, in milliseconds. */
  async stop(): Promise<readonly number[]> {
    return (await this.#order({ do: "stop" })).samples ?? [];
  }

  close(): void {
    this.#child.disconnect();
  }

  #order(said: Said): Promise<Answer> {
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(answer.error));
      });
      this.#child.send({ ...said, id });
    });
  }
}
