// Leases over Redis.

import type { Leases, LeaseTaken } from "../leases.ts";
import { nextCounter } from "../local-state/leases.ts";
import { InFlight, type PendingTake } from "./in-flight.ts";
import type { LocalState } from "./local-state.ts";
import type { RedisSession } from "./redis-session.ts";
import { words } from "./replies.ts";

/** Leases that all nodes share, and that this node decides about alone while Redis is away. `now`: a clock in ms. */
export const createRedisLeases = (redis: RedisSession, localState: LocalState, now: () => number): Leases => {
  const inFlight = new InFlight();
  const held = localState.leases;
  let highest = 0;

  const remote = async (pending: PendingTake, waiting: number): Promise<LeaseTaken> => {
    const { key, id: holder } = pending;
    if (pending.cancelled) return { ok: true, counter: highest };
    const session = redis.session();
    return redis.call("lease-take", redis.keys.lease(key), [key, holder, String(waiting)], (reply): LeaseTaken => {
      const [ok, count, displaced = "", node = "", ...changes] = words(reply);
      if (ok !== "1") return { ok: false };
      const counter = Number(count);
      highest = Math.max(highest, counter);
      localState.apply(changes);
      if (!pending.cancelled) {
        held.entries.set(key, holder, { kind: "lease", key, holder, waiting, counter, state: "active", session });
      }
      return { ok: true, counter, ...(node !== "" && { displaced: { holder: displaced, node } }) };
    });
  };

  const local = (pending: PendingTake, waiting: number): LeaseTaken => {
    const { key, id: holder } = pending;
    const counter = nextCounter(highest, now());
    if (pending.cancelled) return { ok: true, counter };
    const decision = held.take(key, holder, waiting, counter);
    if (!decision.ok) return { ok: false };
    highest = counter;
    localState.leaseChanges.tell(decision.changes);
    const { displaced } = decision;
    return { ok: true, counter, ...(displaced && { displaced: { holder: displaced.holder, node: redis.node } }) };
  };

  return {
    take: async (key, holder, options) => {
      const pending = inFlight.begin(key, holder);
      const waiting = options?.waiting ?? 0;
      return redis
        .decide(
          () => remote(pending, waiting),
          () => local(pending, waiting),
        )
        .finally(() => inFlight.end(pending));
    },
    release: async (key, holder) => {
      inFlight.cancel(key, holder);
      const entry = held.remove(key, holder);
      await redis.tell("lease-release", redis.keys.lease(key), [key, holder], (reply) =>
        localState.apply(words(reply)),
      );
      // Answered or joining, Redis promotes; alone, this node does.
      if (redis.state() === "down" && entry?.state === "active") localState.leaseChanges.tell(held.promote(key));
    },
    onChange: (listener) => localState.leaseChanges.onChange(listener),
  };
};
