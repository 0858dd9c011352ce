// The HTTP server, and the listeners of all configured ports in front of it.
import { createServer, type RequestListener, type Server } from "node:http";
import {
  type AddressInfo,
  createServer as createNetServer,
  type ListenOptions,
  type Server as NetServer,
  type ServerOpts,
} from "node:net";

/**
 * In milliseconds. Node's defaults hold a slow handshake for 91 s; these refuse it in time. Between two requests, where none of
 * those timeouts counts, a connection is kept for longer than balancers keep theirs (60 s): whoever closes first must not be the
 * one that is called, or a call that is just being sent is lost.
 */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 75_000,
};

/** Creates the HTTP server. It does not listen yet: see {@link listen}. */
export function createHttpServer(listener: RequestListener): Server {
  return createServer(TIMEOUTS, listener);
}

/** The listeners of one server: one for each port. */
export interface Listeners {
  /** The addresses, such as `http://127.0.0.1:8080`, in the order of the ports. */
  readonly urls: readonly string[];
  /** Accepts no more connections on any port. Open connections stay. */
  close(): void;
}

/**
 * Listens on every port; port 0 is any free one. The listeners of the second and further ports hand their connections to
 * `server`, so nothing else has to know how many ports there are.
 * @param backlog connections that the kernel holds for each port until they are accepted; it may hold fewer
 * @param options how their connections are accepted: as those of `server`
 * @throws the system's error when an address cannot be listened on, e.g. EADDRINUSE; then no port is left open
 */
export async function listen(
  server: NetServer,
  host: string,
  ports: readonly number[],
  backlog: number,
  options: ServerOpts = {},
): Promise<Listeners> {
  const listeners = ports.map((_port, index) =>
    index === 0 ? server : createNetServer(options, (socket) => server.emit("connection", socket)),
  );
  const close = (): void => {
    for (const listener of listeners) listener.close();
  };
  try {
    for (const [index, listener] of listeners.entries())
      await open(listener, { host, port: ports[index] ?? 0, backlog });
  } catch (error) {
    close();
    throw error;
  }
  const name = urlHost(host);
  return { urls: listeners.map((listener) => `http://${name}:${(listener.address() as AddressInfo).port}`), close };
}

/** The host part of a URL that reaches a bind address from this machine. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function open(listener: NetServer, address: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(address, () => {
      listener.off("error", reject);
      resolve();
    });
  });
}
