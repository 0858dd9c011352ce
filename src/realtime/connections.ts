// Who sits on which connection: one socket per namespace, and no connection without any.
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { RawConnection } from "../contract/connection.ts";

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

/** A connection that all namespaces have left is closed after so long. */
const EMPTY_FOR_MS = 5000;

/** The seats on all connections of this node. */
export interface Seats {
  /** Takes the namespace's seat; false when it is taken. Synchronous, so that a burst of connects cannot pass it. */
  take(connection: Connection, namespace: string): boolean;
  /** Gives the seat back. */
  leave(connection: Connection, namespace: string): void;
}

/** Makes the register of seats. */
export function createSeats(): Seats {
  const taken = new WeakMap<Connection, Set<string>>();
  return {
    take(connection, namespace) {
      const seats = taken.get(connection) ?? new Set();
      if (seats.has(namespace)) return false;
      taken.set(connection, seats.add(namespace));
      return true;
    },
    leave(connection, namespace) {
      const seats = taken.get(connection);
      seats?.delete(namespace);
      if (seats?.size !== 0 || connection.readyState !== "open") return;
      const timer = setTimeout(() => {
        if (seats.size === 0) connection.close();
      }, EMPTY_FOR_MS);
      connection.once("close", () => clearTimeout(timer));
    },
  };
}
