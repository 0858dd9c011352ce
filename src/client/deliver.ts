// Hands a durable event to its listeners, again to those that failed, until all are done with it.
import { createBackoff } from "./backoff.ts";
import type { Listener } from "./events.ts";
import type { LifecycleEvents } from "./lifecycle.ts";
import type { ReceivedEvent } from "./stream.ts";
import { type StopSignal, sleep } from "./timers.ts";

/** What a delivery needs. */
export interface Deliveries {
  /** The listeners of an event as they are now. */
  listeners(event: string): Listener<readonly unknown[]>[];
  /** How often a listener is tried before its event is skipped. */
  attempts: number;
  report: LifecycleEvents["listener_error"];
  /** Aborted when the handle is closed. */
  signal: StopSignal;
}

/**
 * Calls every listener of the event once, one after the other, and each that fails again after a back-off; those that
 * succeeded are not called again. Rejects only when the signal is aborted before all are done.
 */
export async function deliver({ event, payload, meta }: ReceivedEvent, deliveries: Deliveries): Promise<void> {
  const { attempts, report, signal } = deliveries;
  const backoff = createBackoff({ first: 500, longest: 30_000 });
  let open = deliveries.listeners(event);
  for (let attempt = 1; ; attempt++) {
    const failed: typeof open = [];
    for (const listener of open) {
      try {
        await listener(payload, meta);
      } catch (error) {
        failed.push(listener);
        report({ error, event, meta, attempt, skipped: attempt >= attempts });
      }
    }
    if (failed.length === 0 || attempt >= attempts) return;
    open = failed;
    await sleep(backoff.next(), signal);
  }
}
