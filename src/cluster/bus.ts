// Bus: the contract of messages between the nodes.

/** Called with what another node published; `message` is any JSON value and must be validated by the listener. */
export type BusListener = (message: unknown, from: string) => void;

/**
 * Messages to the other nodes, never to this one. A lost message is allowed: the log repairs.
 *
 * MUST: keep the order of one node's messages; send what was published in one tick together; drop and count what is
 * malformed; drop (not queue) while the shared memory is unreachable; survive a listener that throws.
 * MUST NOT: throw from `publish`; deliver a node's own messages to itself; grow without bound.
 */
export interface Bus {
  /** Sends a JSON value (plain data, no cycles) to every other node. */
  publish(topic: string, message: unknown): void;
  /** Hears a topic; returns how to stop. */
  subscribe(topic: string, listener: BusListener): () => void;
  /** Called when messages may have been missed and come again from now on; returns how to stop. */
  onReconnect(listener: () => void): () => void;
  /** Ids of the living nodes, this one included, sorted. */
  nodes(): Promise<string[]>;
}
