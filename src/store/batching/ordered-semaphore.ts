// Turns: at most so many at work at a time, in the order in which they asked.

/** Work that must not run all at once. Shared by several group commits, it keeps their statements in one order. */
export interface Turns {
  /** Waits for a turn. @returns what gives it back; calling it again does nothing */
  take(): Promise<() => void>;
}

/** @param concurrency how many turns may be out at a time */
export function createTurns(concurrency: number): Turns {
  const waiting: (() => void)[] = [];
  let free = concurrency;

  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const once = (): (() => void) => {
    let given = false;
    return () => {
      if (!given) giveBack();
      given = true;
    };
  };
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((granted) => waiting.push(granted));
      return once();
    },
  };
}
