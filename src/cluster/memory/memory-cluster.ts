/** The cluster of a single node without Redis. */

import type { Cluster } from "../cluster.ts";
import { LeaseNews } from "../local-state/lease-changes.ts";
import { LeaseBook } from "../local-state/leases.ts";
import { PresenceBook } from "../local-state/presence.ts";
import { PlaceBook } from "../local-state/slots.ts";
import { newNodeId } from "../node-id.ts";
import { createMemoryBus } from "./bus.ts";
import { createMemoryLeases } from "./leases.ts";
import { createMemoryPlaces } from "./places.ts";
import { createMemoryPresence } from "./presence.ts";
import { createMemoryRates } from "./rates.ts";

/** A cluster of one: the same behaviour as with Redis, by direct calls. */
export const createMemoryCluster = (): Cluster => {
  const node = newNodeId();
  const [places, leases, presence, news] = [new PlaceBook(node), new LeaseBook(), new PresenceBook(), new LeaseNews()];
  return {
    node,
    places: createMemoryPlaces(places),
    leases: createMemoryLeases(node, leases, news),
    presence: createMemoryPresence(presence),
    rates: createMemoryRates(),
    bus: createMemoryBus(node),
    health: () => ({ redis: "none" }),
    close: async () => {
      news.close();
      places.entries.clear();
      leases.entries.clear();
      presence.clear();
    },
  };
};
