// Chance that can be repeated: the same seed gives the same numbers, and every seed is printed.
import { randomInt } from "node:crypto";

/** A source of chance. */
export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  /** True once in so many times. */
  oneIn(times: number): boolean;
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Buffer;
  /** From 0 up to, not including, 1. */
  fraction(): number;
}

/** mulberry32: small, quick, and good enough to reach odd places. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (end: number): number => next() % end;
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined && items.length === 0) throw new Error("nothing to pick from");
      return item as (typeof items)[number];
    },
    fraction: () => next() / 2 ** 32,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}

/** The seed of one test: `SEED` of the environment, or any; printed, so that a red run can be repeated. */
export function printedSeed(test: string): number {
  const seed = Number(process.env["SEED"] ?? randomInt(1, 1_000_000));
  console.info(`${test}: SEED=${seed}`);
  return seed;
}

/** Chance of one test, from its {@link printedSeed}. */
export function printedRandom(test: string): Random {
  return seeded(printedSeed(test));
}
