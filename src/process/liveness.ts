// Whether a worker still does anything: one that says nothing for long, frozen or in an endless loop, is as good as dead.
import type { Worker } from "node:cluster";

/** How often a worker is asked, in milliseconds. */
const ASK_EVERY_MS = 1000;
/**
 * After this many questions without a word in between it is given up. Questions and not time, because where the whole machine
 * was frozen none were asked. A crowd that comes back after an outage can stall a healthy worker for some seconds.
 */
const UNANSWERED_QUESTIONS = 15;

/**
 * Asks a worker for signs of life until its process has ended. Whatever it says is one.
 * @param ask asks it, so that it says something
 * @param onSilent called once, when it has said nothing for long or cannot be asked any more
 */
export function watchLiveness(worker: Worker, ask: () => void, onSilent: () => void): void {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (worker.isConnected() && unanswered < UNANSWERED_QUESTIONS) {
      unanswered++;
      ask();
    } else {
      clearInterval(timer);
      onSilent();
    }
  }, ASK_EVERY_MS);
  worker.on("message", () => {
    unanswered = 0;
  });
  worker.process.once("exit", () => clearInterval(timer));
}
