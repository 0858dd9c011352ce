// The clocks of the device: the one on the wall may be wrong and may be set, so durations are measured by another.

/** Two clocks, both in milliseconds. */
export interface Clock {
  /** Never set back or forward; counts from anywhere. */
  monotonic(): number;
  /** Since 1970, as the user has set it. */
  wall(): number;
}

/** What is used of `performance`, which not every platform has. */
interface Scope {
  readonly performance?: { now?(): number };
}

/** The clocks of this device. */
export const deviceClock: Clock = {
  monotonic() {
    const { performance } = globalThis as Scope;
    return performance?.now?.() ?? Date.now();
  },
  wall: () => Date.now(),
};
