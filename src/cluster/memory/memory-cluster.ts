// The cluster of a single node without Redis: everything lives and dies with this process.
import type { Bus } from "../bus.ts";
import type { Cluster } from "../cluster.ts";
import type { Leases } from "../leases.ts";
import { LeaseChanges } from "../local-state/lease-changes.ts";
import { LocalLeases, nextCounter } from "../local-state/leases.ts";
import { LocalPresence } from "../local-state/presence.ts";
import { LocalSlots } from "../local-state/slots.ts";
import { newNodeId } from "../node-id.ts";
import type { Presence } from "../presence.ts";
import type { Slots } from "../slots.ts";
import { createMemoryRates } from "./rates.ts";

/** A cluster of one: the same behaviour as with Redis, by direct calls. */
export function createMemoryCluster(): Cluster {
  const node = newNodeId();
  const slots = new LocalSlots(node);
  const leases = new LocalLeases();
  const presence = new LocalPresence();
  const changes = new LeaseChanges();
  return {
    node,
    slots: createSlots(slots),
    leases: createLeases(node, leases, changes),
    presence: createPresence(presence),
    rates: createMemoryRates(),
    bus: createBus(node),
    health: () => ({ redis: "none" }),
    async close() {
      changes.close();
      slots.entries.clear();
      leases.entries.clear();
      presence.clear();
    },
  };
}

function createSlots(held: LocalSlots): Slots {
  return {
    take: async (key, holder, limit) => held.take(key, holder, limit),
    async release(key, holder) {
      held.entries.delete(key, holder);
    },
  };
}

function createLeases(node: string, held: LocalLeases, changes: LeaseChanges): Leases {
  let counter = 0;
  return {
    async take(key, holder, options) {
      const next = nextCounter(counter, Date.now());
      const decision = held.take(key, holder, options?.waiting ?? 0, next);
      if (!decision.ok) return { ok: false };
      counter = next;
      changes.tell(decision.changes);
      const { displaced } = decision;
      return { ok: true, counter, ...(displaced && { displaced: { holder: displaced.holder, node } }) };
    },
    release: async (key, holder) => changes.tell(held.release(key, holder)),
    onChange: (listener) => changes.onChange(listener),
  };
}

/** Nobody is ever left behind by a dead node, so `onGone` never tells. */
function createPresence(held: LocalPresence): Presence {
  return {
    enter: async (group, member, connection) => held.enter(group, member, connection),
    leave: async (group, member, connection) => held.leave(group, member, connection),
    members: async (group) => held.members(group),
    online: async (group, members) => held.online(group, members),
    size: async (group) => held.size(group),
    onGone: () => () => undefined,
  };
}

/** There is no other node to talk to. */
function createBus(node: string): Bus {
  return {
    publish: () => undefined,
    subscribe: () => () => undefined,
    onReconnect: () => () => undefined,
    nodes: async () => [node],
  };
}
