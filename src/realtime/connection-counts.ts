// Counts of open connections, for the metrics.
import type { AnyNamespace } from "./types.ts";

/** How many connections of one transport, or dialect, a namespace has. */
export interface ConnectionCount {
  readonly namespace: string;
  readonly transport: string;
  readonly connections: number;
}

/** The open connections of a namespace by what they came over. */
export function countConnections(namespace: AnyNamespace): ConnectionCount[] {
  const counts = new Map<string, number>();
  for (const { data } of namespace.sockets.values()) {
    const transport = data.connection.transportName;
    counts.set(transport, (counts.get(transport) ?? 0) + 1);
  }
  return [...counts].map(([transport, connections]) => ({ namespace: namespace.name, transport, connections }));
}
