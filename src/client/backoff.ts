// How long to wait before the next try: doubling, bounded, and never the same for two clients.

/** Milliseconds: the first wait, and the longest. */
export interface BackoffOptions {
  first: number;
  longest: number;
}

/** A back-off: each `next()` is longer, until `reset()`. */
export interface Backoff {
  /** Milliseconds until the next try, at least `atLeast`. */
  next(atLeast?: number): number;
  reset(): void;
}

/**
 * Creates a back-off. Half of each wait is fixed and half is chance, so that the clients of a node that went away
 * come back spread over time, and none comes at once.
 */
export function createBackoff({ first, longest }: BackoffOptions, random: () => number = Math.random): Backoff {
  let tries = 0;
  return {
    next(atLeast = 0) {
      const ceiling = Math.min(longest, Math.max(atLeast, first) * 2 ** Math.min(tries++, 20));
      const wait = Math.max(ceiling, atLeast);
      return Math.round(Math.max(atLeast, wait / 2) + (random() * wait) / 2);
    },
    reset() {
      tries = 0;
    },
  };
}
