// Renews the token of a running connection before it ends.
import { createBackoff } from "./backoff.ts";
import { type Clock, deviceClock } from "./clock.ts";
import { Alarm } from "./timers.ts";
import type { Token, Tokens } from "./tokens.ts";

/** A token is renewed this many milliseconds before its end, or in the last fifth of its life if that is shorter, … */
const MARGIN_MS = 60_000;
/** … and never sooner than this after the renewal before, whatever tokens say. */
const LEAST_MS = 10_000;
/** The waits after a failure. */
const RETRY = { first: 5000, longest: 60_000 };

/** Keeps a connection's token fresh. */
export interface Refresh {
  /** The connection runs with this token now. */
  watch(token: Token): void;
  stop(): void;
}

/**
 * Creates the refresh of one connection. `send` gives the new token to the server and rejects when that refuses it; then,
 * as when there is no other token, the old one ends and the server closes the connection with `TOKEN_EXPIRED`.
 */
export function createRefresh(
  tokens: Tokens,
  send: (token: Token) => Promise<unknown>,
  { monotonic }: Clock = deviceClock,
): Refresh {
  const alarm = new Alarm();
  const backoff = createBackoff(RETRY);
  let watched: Token | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;

  async function renew(old: Token, endsAt: number): Promise<void> {
    let renewed: Token | undefined;
    try {
      renewed = await tokens.renew(old);
      if (renewed !== undefined && watched === old) await send(renewed);
    } catch {
      renewed = undefined; // told by the end of the token, if no later try succeeds
    }
    if (watched !== old) return; // another connection, or none, by now
    const now = monotonic();
    const delayMs = backoff.next();
    if (renewed === undefined) {
      if (now + delayMs < endsAt) alarm.after(delayMs, () => void renew(old, endsAt));
      return;
    }
    renewedAt = now;
    watch(renewed);
  }

  function watch(token: Token): void {
    watched = token;
    backoff.reset();
    alarm.cancel();
    const { endsAt } = token;
    if (endsAt === undefined) return; // the server says when
    const now = monotonic();
    const left = endsAt - now;
    const inTime = left - Math.min(MARGIN_MS, left / 5);
    alarm.after(Math.max(inTime, renewedAt + LEAST_MS - now), () => void renew(token, endsAt));
  }

  return {
    watch,
    stop() {
      watched = undefined;
      alarm.cancel();
    },
  };
}
