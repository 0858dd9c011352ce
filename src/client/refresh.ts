// Renews the token of a running connection before it ends.
import { Alarm } from "./timers.ts";
import type { Token, Tokens } from "./tokens.ts";

/** A token is renewed this many milliseconds before its end, or in the last fifth of its life if that is shorter. */
const MARGIN_MS = 60_000;
/** After a failure, the next try. */
const RETRY_MS = 5000;

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
export function createRefresh(tokens: Tokens, send: (token: Token) => Promise<unknown>): Refresh {
  const alarm = new Alarm();
  let watched: Token | undefined;

  async function renew(old: Token): Promise<void> {
    let renewed: Token | undefined;
    try {
      renewed = await tokens.renew(old);
      if (renewed !== undefined && watched === old) await send(renewed);
    } catch {
      renewed = undefined; // told by the end of the token, if no later try succeeds
    }
    if (watched !== old) return; // another connection, or none, by now
    if (renewed !== undefined) watch(renewed);
    else if (Date.now() + RETRY_MS < old.expiresAt) alarm.after(RETRY_MS, () => void renew(old));
  }

  function watch(token: Token): void {
    watched = token;
    const left = token.expiresAt - Date.now();
    alarm.at(token.expiresAt - Math.min(MARGIN_MS, left / 5), () => void renew(token));
  }

  return {
    watch,
    stop() {
      watched = undefined;
      alarm.cancel();
    },
  };
}
