// A process that stands still for a while, as when its machine swaps or is moved: nothing is closed, and nothing answers.
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../support/child.ts";

/** Stops it (SIGSTOP) for so long, and lets it go on. */
export async function stall(child: Pick<Child, "kill">, ms: number): Promise<void> {
  child.kill("SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    child.kill("SIGCONT");
  }
}
