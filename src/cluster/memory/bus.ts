/** The bus of a single node: there is nobody to talk to. */
import type { Bus } from "../bus.ts";

/** A bus without other nodes. */
export const createMemoryBus = (node: string): Bus => ({
  publish: () => undefined,
  subscribe: () => () => undefined,
  onReconnect: () => () => undefined,
  nodes: async () => [node],
});
