// Slots over Redis.
import type { Slots, SlotTaken } from "../slots.ts";
import { InFlight } from "./in-flight.ts";
import type { LocalState } from "./local-state.ts";
import type { RedisSession } from "./redis-session.ts";
import { pairs, words } from "./replies.ts";

/** Slots that all nodes share, and that this node decides about alone while Redis is away. */
export const createRedisSlots = (redis: RedisSession, localState: LocalState): Slots => {
  const inFlight = new InFlight();
  const held = localState.slots;
  return {
    take: async (key, holder, limit) => {
      const pending = inFlight.begin(key, holder);
      const remote = async (): Promise<SlotTaken> => {
        if (pending.cancelled) return { ok: true };
        const session = redis.session();
        return redis.call("slot-take", redis.keys.slot(key), [key, holder, String(limit)], (reply): SlotTaken => {
          const [ok, ...full] = words(reply);
          if (ok !== "1") return { ok: false, holders: pairs(full).map(([id, node]) => ({ holder: id, node })) };
          if (!pending.cancelled) held.add(key, holder, session);
          return { ok: true };
        });
      };
      const local = (): SlotTaken => (pending.cancelled ? { ok: true } : held.take(key, holder, limit));
      return redis.decide(remote, local).finally(() => inFlight.end(pending));
    },
    release: async (key, holder) => {
      inFlight.cancel(key, holder);
      held.entries.delete(key, holder);
      await redis.tell("slot-release", redis.keys.slot(key), [key, holder], () => undefined);
    },
  };
};
