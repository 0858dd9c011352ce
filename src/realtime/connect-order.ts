// A client's CONNECT packets in order: one for a namespace that it is in already ends what it has there, and begins anew.
import type { EventEmitter } from "node:events";
import { type Ending, onEnd } from "./endings.ts";
import type { AnySocket } from "./types.ts";

/** A decoded packet of Socket.IO. */
interface Packet {
  readonly type: number;
  readonly nsp: string;
}

/** Packet types of socket.io-protocol 5. */
const CONNECT = 0;
const DISCONNECT = 1;

/** What a client may send into a namespace while it is on its way in again; above that the connection is closed. */
const MAX_HELD = 100;

/** What Socket.IO keeps for one connection, and its types do not show. */
interface ClientInternals {
  readonly conn: { close(): void };
  readonly decoder: EventEmitter;
  readonly nsps: ReadonlyMap<string, unknown>;
  ondecoded(packet: Packet): void;
}

/**
 * The CONNECT packets of all connections. socket.io-client sends no DISCONNECT while its CONNECT is unanswered, so
 * `connect(); disconnect(); connect()` are two CONNECTs in a row, and it takes the answer to the first for that to the second.
 * Socket.IO itself would close the connection with all of its namespaces for the second CONNECT, and for what the client sends
 * before that is answered; also where a DISCONNECT came in the same turn of the event loop.
 */
export class ConnectOrder {
  readonly #clients = new WeakMap<object, ClientPackets>();

  /** Orders the packets of the socket's connection from now on. Call before anything asynchronous. */
  watch({ client, nsp }: AnySocket): void {
    const known = this.#clients.get(client);
    const packets = known ?? new ClientPackets(client as unknown as ClientInternals);
    packets.watch(nsp.name);
    if (known === undefined) this.#clients.set(client, packets);
  }

  /** The socket is in its namespace, and its client is told: what came meanwhile is handled now. */
  entered(socket: AnySocket): void {
    const { client, nsp } = socket;
    const packets = this.#clients.get(client);
    if (packets === undefined) return;
    const namespace = packets.entered(nsp.name);
    if (namespace !== undefined) onEnd(socket, namespace);
  }

  /** Whether the client may think that it is in the namespace, as it was before: a refusal would leave it in that belief. */
  believesInside({ client, nsp }: AnySocket): boolean {
    return this.#clients.get(client)?.believesInside(nsp.name) ?? false;
  }
}

/** One namespace of one connection. */
class NamespacePackets implements Ending {
  /** How often the client was told that it is in, without having left since. */
  accepted = 0;
  /** What came for the namespace after a CONNECT, by a client that may think that it is in. */
  held: Packet[] | undefined;

  ended(reason: string): void {
    if (reason === "server namespace disconnect") this.accepted = 0;
  }
}

/** The packets of one connection. */
class ClientPackets {
  readonly #namespaces = new Map<string, NamespacePackets>();
  readonly #client: ClientInternals;
  readonly #handle: (packet: Packet) => void;

  constructor(client: ClientInternals) {
    this.#client = client;
    this.#handle = client.ondecoded;
    client.decoder.off("decoded", client.ondecoded);
    client.ondecoded = (packet) => this.#take(packet); // Socket.IO takes it off again at the end
    client.decoder.on("decoded", client.ondecoded);
  }

  watch(name: string): void {
    if (!this.#namespaces.has(name)) this.#namespaces.set(name, new NamespacePackets());
  }

  entered(name: string): NamespacePackets | undefined {
    const namespace = this.#namespaces.get(name);
    if (namespace === undefined) return undefined;
    const { held = [] } = namespace;
    namespace.accepted++;
    namespace.held = undefined;
    for (const packet of held) this.#handle(packet);
    return namespace;
  }

  believesInside(name: string): boolean {
    return (this.#namespaces.get(name)?.accepted ?? 0) > 0;
  }

  #take(packet: Packet): void {
    const { type, nsp } = packet;
    const namespace = this.#namespaces.get(nsp);
    if (type === CONNECT && namespace !== undefined) {
      this.#connect(packet, namespace);
      return;
    }
    if (type === DISCONNECT && namespace !== undefined) namespace.accepted = Math.max(0, namespace.accepted - 1);
    if (namespace?.held === undefined) this.#handle(packet);
    else if (namespace.held.push(packet) > MAX_HELD) this.#client.conn.close();
  }

  #connect(packet: Packet, namespace: NamespacePackets): void {
    const { nsp } = packet;
    namespace.held = namespace.accepted > 0 ? [] : undefined; // what was held was for the socket that ends now
    if (this.#client.nsps.has(nsp)) {
      this.#handle({ type: DISCONNECT, nsp });
      process.nextTick(this.#handle, packet); // Socket.IO handles a DISCONNECT in the next tick, too
    } else this.#handle(packet);
  }
}
