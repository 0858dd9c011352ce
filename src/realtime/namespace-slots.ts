// Who sits on which connection: one socket per namespace, and no connection without any.
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Server } from "socket.io";
import type { RawConnection } from "../connection/traits.ts";

/** What this code uses of a connection of engine.io or of the raw engine. */
export interface Connection extends EventEmitter {
  readonly id: string;
  readonly readyState: string;
  readonly remoteAddress: string;
  readonly request: IncomingMessage;
  readonly transport: { readonly name: string };
  close(discard?: boolean): unknown;
}

/** The connection as the raw engine's own, or undefined where it is one of engine.io. */
export function rawOf(connection: unknown): RawConnection | undefined {
  const raw = typeof connection === "object" && connection !== null && "traits" in connection;
  return raw ? (connection as RawConnection) : undefined;
}

/** The seats on all connections of this node. */
export interface Seats {
  /** Takes the namespace's seat; false when it is taken. Synchronous, so that a burst of connects cannot pass it. */
  take(connection: Connection, namespace: string): boolean;
  /** Gives the seat back. A connection that is left without any is closed some time later. */
  leave(connection: Connection, namespace: string): void;
}

interface Bench {
  readonly namespaces: Set<string>;
  /** Set while nobody sits. */
  closing: NodeJS.Timeout | undefined;
}

/** Makes the register of seats. A connection that all namespaces have left is closed after `emptyForMs`. */
export function createSeats(emptyForMs: number): Seats {
  const benches = new WeakMap<Connection, Bench>();
  return {
    take(connection, namespace) {
      const bench = benches.get(connection) ?? { namespaces: new Set(), closing: undefined };
      if (bench.namespaces.has(namespace)) return false;
      clearTimeout(bench.closing);
      bench.namespaces.add(namespace);
      benches.set(connection, bench);
      return true;
    },
    leave(connection, namespace) {
      const bench = benches.get(connection);
      if (bench === undefined || !bench.namespaces.delete(namespace) || bench.namespaces.size > 0) return;
      if (connection.readyState === "open") bench.closing = setTimeout(() => connection.close(), emptyForMs).unref();
    },
  };
}

/** Counts the namespaces of a library user as well, so that a connection that sits there only is not taken for empty. */
export function seatEveryone(io: Server, seats: Seats): void {
  io.on("new_namespace", (namespace) => {
    namespace.on("connection", (socket) => {
      const connection = socket.conn as unknown as Connection;
      // In a namespace of ours the seat was taken before the admission.
      if (seats.take(connection, namespace.name)) {
        socket.once("disconnect", () => seats.leave(connection, namespace.name));
      }
    });
  });
}
