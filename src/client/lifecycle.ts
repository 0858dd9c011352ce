// What every handle tells of its connection, beside the events of the socket.
import type { Meta } from "../contract/durable.ts";
import type { ClasswireError } from "./errors.ts";

/** Events of the client's own, with their arguments. */
export interface LifecycleEvents {
  /** The connection is gone; unless `closed` follows, another one is being made. */
  disconnected: (report: { reason: string }) => void;
  /** An attempt failed; the next one comes after `delayMs`. */
  retrying: (report: { error: ClasswireError; delayMs: number }) => void;
  /** The end: nothing is tried any more. `error` is absent after `close()`. */
  closed: (report: { error?: ClasswireError }) => void;
  /**
   * What happened after `since` is not kept any more, or the server has another database. Events go on from what there
   * is; whatever the application made of earlier ones should be fetched again.
   */
  unrecovered: (report: { channel: string; since: number }) => void;
  /** A listener threw or rejected. A durable event is offered to it again, unless it was `skipped` after the last try. */
  listener_error: (report: { error: unknown; event: string; meta?: Meta; attempt: number; skipped: boolean }) => void;
}

/** Where a connection stands. */
export type State = "connecting" | "connected" | "waiting" | "closed";
