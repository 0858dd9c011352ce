// Namespace slots: each connection has one socket per namespace, and no connection is without any.
import type { Namespace, Server } from "socket.io";
import type { EngineSocket } from "./engine-connection.ts";

/** The slots of all connections of this node. */
export interface NamespaceSlots {
  /** Takes the namespace's slot; false when it is taken. Synchronous, so that a burst of connects cannot pass it. */
  take(connection: EngineSocket, namespace: string): boolean;
  /** Gives the slot back. A connection whose last slot is given back is closed some time later. */
  leave(connection: EngineSocket, namespace: string): void;
}

interface ConnectionSlots {
  /** One, as nearly everybody has; more, or none. */
  namespaces: readonly string[];
  /** Set while no slot is taken. */
  closing: NodeJS.Timeout | undefined;
}

/** Creates the slots of one node. A connection that has left all namespaces is closed after `emptyForMs` milliseconds. */
export function createNamespaceSlots(emptyForMs: number): NamespaceSlots {
  const slotsOf = new WeakMap<EngineSocket, ConnectionSlots>();
  return {
    take(connection, namespace) {
      const occupied = slotsOf.get(connection) ?? { namespaces: [], closing: undefined };
      if (occupied.namespaces.includes(namespace)) return false;
      clearTimeout(occupied.closing);
      occupied.namespaces = [...occupied.namespaces, namespace];
      slotsOf.set(connection, occupied);
      return true;
    },
    leave(connection, namespace) {
      const occupied = slotsOf.get(connection);
      if (!occupied?.namespaces.includes(namespace)) return;
      occupied.namespaces = occupied.namespaces.filter((name) => name !== namespace);
      if (occupied.namespaces.length > 0) return;
      if (connection.readyState === "open") occupied.closing = setTimeout(() => connection.close(), emptyForMs).unref();
    },
  };
}

/** Counts the namespaces of a library user as well, so that a connection that is only there is not taken for empty. */
export function trackAllNamespaces(io: Server, slots: NamespaceSlots): void {
  const track = (namespace: Namespace): void => {
    namespace.on("connection", (socket) => {
      const connection = socket.conn;
      // In a namespace of ours the slot was taken before the admission.
      if (slots.take(connection, namespace.name)) {
        socket.once("disconnect", () => slots.leave(connection, namespace.name));
      }
    });
  };
  track(io.sockets); // the default one is there already
  io.on("new_namespace", track);
}
