// Lanes: work that must keep its order, run as much together as the order allows.
import type { Order, Route } from "./route.ts";

/** Runs work lane by lane. */
export interface Lanes {
  /** Runs it at once, or after what its lane has begun before. Neighbours of one route that differ go together. */
  run<Result>(route: Route, order: Order | undefined, work: () => Promise<Result>): Promise<Result>;
}

interface Wave {
  route: Route;
  /** Ends when the wave before has ended. */
  before: Promise<unknown>;
  apart: Set<string>;
  running: Promise<unknown>[];
}

/** Makes empty lanes, for one batch. */
export function createLanes(): Lanes {
  const last = new Map<string, Wave>();
  return {
    run(route, order, work) {
      if (order === undefined) return work();
      const { lane, apart } = order;
      let wave = last.get(lane);
      if (wave === undefined || wave.route !== route || (apart !== undefined && wave.apart.has(apart))) {
        wave = { route, before: Promise.allSettled(wave?.running ?? []), apart: new Set(), running: [] };
        last.set(lane, wave);
      }
      if (apart !== undefined) wave.apart.add(apart);
      const result = wave.before.then(work);
      wave.running.push(result);
      return result;
    },
  };
}
