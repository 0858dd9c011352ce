// Rates: the contract of a limited number of attempts per window of time.

/** `points` per window of `seconds`, counted apart for each `name`. The three together identify the rule. */
export type RateRule = { name: string; points: number; seconds: number };

/** Whether it was allowed, and if not, in how many milliseconds the window ends (0 when allowed). */
export type RateTaken = { ok: boolean; retryAfterMs: number };

/**
 * Attempts and messages per fixed window, which begins with the first take.
 *
 * MUST: allow exactly `points` per key and window over all nodes; keep the end of the window where it is whatever is
 * refused; answer every call, also while the shared memory is unreachable, by this node's own counts.
 * MUST NOT: count a refused take; reject a promise because the shared memory is away.
 */
export interface Rates {
  /** Takes one point of `key`, or says when to come again. */
  take(rule: RateRule, key: string): Promise<RateTaken>;
  /** Whether a `take` would be refused now. Takes nothing. */
  isSpent(rule: RateRule, key: string): Promise<boolean>;
  /** Gives a point back that `take` has allowed; never below zero, and nothing where the window is over. */
  giveBack(rule: RateRule, key: string): Promise<void>;
}
