// Many connections of one user at the same moment, spread over the nodes, and who is left of them.
import type { Socket } from "socket.io-client";
import type { TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";

/** What became of a race. */
export interface Race {
  /** Clients that were connected, if only for a moment. */
  readonly admitted: number;
  /** Clients that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Clients that still are connected. */
  readonly left: readonly Socket[];
  /** Sockets of the namespace on all nodes. */
  onServers(): number;
  /** Ends the race for good, and waits until the nodes know. */
  finish(): Promise<void>;
}

/** What is raced for. */
export interface Course {
  readonly namespace: string;
  readonly user: string;
  readonly racers: number;
  /** How many there may be in the end. */
  readonly limit: number;
  readonly auth?: object;
}

/**
 * Lets `racers` clients of one user connect at once, one after the other to each node, and waits until all have their
 * answer and no more than `limit` are left.
 */
export async function race(nodes: readonly TestServer[], course: Course): Promise<Race> {
  const { namespace, user, racers, limit, auth = {} } = course;
  const refused: Record<string, number> = {};
  let [admitted, answered] = [0, 0];
  const sockets = Array.from({ length: racers }, (_, index) => {
    const node = nodes[index % nodes.length];
    if (node === undefined) throw new Error("no nodes to race on");
    const socket = node.connect(namespace, user, { auth });
    socket.on("connect", () => {
      admitted++;
      answered++;
    });
    socket.on("connect_error", (error: Error & { data?: { code: string } }) => {
      const code = error.data?.code ?? error.message;
      refused[code] = (refused[code] ?? 0) + 1;
      answered++;
    });
    return socket;
  });
  const connected = () => sockets.filter((socket) => socket.connected);
  const onServers = () => nodes.reduce((sum, { classwire }) => sum + classwire.io.of(namespace).sockets.size, 0);
  const tell = () => `answered ${answered}, connected ${connected().length}, on servers ${onServers()}`;
  const settled = () => answered === racers && connected().length <= limit && onServers() <= limit;
  await eventually(() => settled() || undefined, { timeoutMs: 30_000 }).catch(() => {
    throw new Error(`the race for ${namespace} did not settle: ${tell()}`);
  });
  return {
    admitted,
    refused,
    get left() {
      return connected();
    },
    onServers,
    async finish() {
      for (const socket of sockets) socket.close();
      await eventually(() => onServers() === 0, { what: "every racer being gone" });
    },
  };
}
