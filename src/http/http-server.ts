// Listening: one HTTP server that serves the same on every configured port.
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server as NetServer } from "node:net";

// Node's defaults hold a slow handshake for 91 s; these refuse it in time.
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
};

/** Makes the HTTP server, not listening yet. */
export function createHttpServer(listener: RequestListener): Server {
  return createServer(TIMEOUTS, listener);
}

/** Several ports in front of one server. */
export interface Listening {
  /** The addresses, `http://127.0.0.1:8080`, in the order of the ports. */
  readonly urls: string[];
  /** Takes no more connections on any port; those that are open stay. */
  stop(): void;
}

/**
 * Listens on every port (0: any free one). The further ports hand their connections to the same server, so that nothing
 * else has to know how many there are. Rejects with the system's error, e.g. EADDRINUSE.
 */
export async function listen(server: NetServer, host: string, ports: readonly number[]): Promise<Listening> {
  const [first = 0, ...further] = ports;
  const doors: NetServer[] = [
    server,
    ...further.map(() => createNetServer((socket) => server.emit("connection", socket))),
  ];
  try {
    for (const [index, door] of doors.entries())
      await open(door, host, index === 0 ? first : (further[index - 1] ?? 0));
  } catch (error) {
    for (const door of doors) door.close();
    throw error;
  }
  const shown = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return {
    urls: doors.map((door) => `http://${shown}:${(door.address() as AddressInfo).port}`),
    stop: () => {
      for (const door of doors) door.close();
    },
  };
}

function open(door: NetServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    door.once("error", reject);
    door.listen(port, host, () => {
      door.off("error", reject);
      resolve();
    });
  });
}
