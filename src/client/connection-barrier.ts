// A barrier in front of requests: they wait for the connection, but not for ever.
import { ClasswireError } from "./errors.ts";

/** Lets callers through while it is open. */
export class ConnectionBarrier {
  readonly #waiting = new Set<{ pass: () => void; fail: (error: ClasswireError) => void }>();
  #open = false;

  /** Resolves once the barrier is open; rejects with `TIMEOUT` after `timeoutMs`, or as {@link ConnectionBarrier.fail} says. */
  wait(what: string, timeoutMs: number): Promise<void> {
    if (this.#open) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (then: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(entry);
        then();
      };
      const entry = {
        pass: () => leave(resolve),
        fail: (error: ClasswireError) => leave(() => reject(error)),
      };
      const timer = setTimeout(() => {
        entry.fail(new ClasswireError("TIMEOUT", `${what}: no connection within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.add(entry);
    });
  }

  open(): void {
    this.#open = true;
    for (const { pass } of [...this.#waiting]) pass();
  }

  shut(): void {
    this.#open = false;
  }

  /** Rejects all who wait. */
  fail(error: ClasswireError): void {
    for (const { fail } of [...this.#waiting]) fail(error);
  }
}
