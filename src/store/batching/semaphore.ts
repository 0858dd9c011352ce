// Turns: at most so many things at once, the others wait in line.

/** Runs `work` when it is its turn. */
export type Turns = <Value>(work: () => Promise<Value>) => Promise<Value>;

/** Makes a line of which `most` are served at once. */
export function createTurns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
