// Who holds a lease, asked as production would learn it: by displacing.
import type { Leases } from "../../src/cluster/leases.ts";

/** The active holder of `key`, if there is one. It loses the lease by being asked for, so ask last. */
export const displaceActive = async (leases: Leases, key: string): Promise<string | undefined> => {
  const taken = await leases.take(key, "asks last");
  return taken.ok ? taken.displaced?.holder : undefined;
};
