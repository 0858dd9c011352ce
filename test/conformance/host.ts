// What the public protocol suites talk to: our wiring of Socket.IO's server, with the namespaces, times and answers that they expect.
import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { createUnsentBudget } from "../../src/connection/unsent-budget.ts";
import { routeUpgrades } from "../../src/raw/upgrade-router.ts";
import type { Admission } from "../../src/realtime/admission.ts";
import { authenticate } from "../../src/realtime/authentication.ts";
import { ConnectOrder } from "../../src/realtime/connect-order.ts";
import { createNamespaceSlots, trackAllNamespaces } from "../../src/realtime/namespace-slots.ts";
import { attachEngine, guardConnections, type RealtimeOptions } from "../../src/realtime/server.ts";
import type { AnyNamespace } from "../../src/realtime/types.ts";

/** Which suite is served: Socket.IO's protocol, or that of Engine.IO below it. */
export type Suite = "socket.io" | "engine.io";

/** A running host. */
export interface Host {
  readonly port: number;
  close(): Promise<void>;
}

/** The suites' times, in milliseconds, and their largest message in bytes. */
const TIMES = { pingIntervalMs: 300, pongTimeoutMs: 200, connectTimeoutMs: 1000 };
const MAX_PAYLOAD = 1_000_000;

/** Starts a host; both suites want port 3000. */
export async function startHost(suite: Suite, port: number): Promise<Host> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  if (suite === "engine.io") serveBelowItsOwnPath(http);
  const io = new Server({ serveClient: false, connectTimeout: TIMES.connectTimeoutMs });
  const options = optionsOf();
  const detach = attachEngine(io, http, options);
  guardConnections(io, options);
  const noDialects = { dialectAt: () => undefined, handleUpgrade: () => undefined };
  const { allowsOrigin, allowsHost, capacity } = options;
  const unroute = routeUpgrades(http, { engine: noDialects, allowsOrigin, allowsHost, capacity });
  if (suite === "engine.io") echoMessages(io);
  else serveNamespaces(io);
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, () => resolve());
  });
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      await io.close();
      unroute();
      detach();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** The production's options with the suites' times; what production limits per user has no limit here. */
function optionsOf(): RealtimeOptions {
  return {
    transports: ["websocket", "polling"],
    keepAlive: TIMES,
    joinWithinMs: TIMES.connectTimeoutMs,
    messages: { name: "messages", what: "messages", points: 1000, seconds: 1, burst: 2000, whose: "connection" },
    maxMessageBytes: MAX_PAYLOAD,
    maxBufferedBytes: MAX_PAYLOAD,
    unsent: createUnsentBudget(64 * MAX_PAYLOAD),
    allowsOrigin: () => true,
    allowsHost: () => true,
    capacity: () => "ok",
  };
}

/** The Engine.IO suite asks below `/engine.io/`. */
function serveBelowItsOwnPath(http: HttpServer): void {
  const emit = http.emit.bind(http) as (event: string, ...given: unknown[]) => boolean;
  http.emit = (event: string, ...given: unknown[]) => {
    if (event === "request" || event === "upgrade") {
      const [request] = given as [IncomingMessage];
      request.url = request.url?.replace(/^\/engine\.io\//, "/socket.io/");
    }
    return emit(event, ...given);
  };
}

/** Every message comes back as it is. */
function echoMessages(io: Server): void {
  io.engine.removeAllListeners("connection");
  guardConnections(io, optionsOf());
  io.engine.on(
    "connection",
    (connection: { on(event: string, listener: (data: unknown) => void): void; send(data: unknown): void }) =>
      connection.on("data", (data) => connection.send(data)),
  );
}

/** `/` and `/custom` behind our own authentication, which here lets everyone in. */
function serveNamespaces(io: Server): void {
  const slots = createNamespaceSlots(TIMES.connectTimeoutMs);
  const connects = new ConnectOrder();
  trackAllNamespaces(io, slots);
  for (const name of ["/", "/custom"]) {
    const namespace = io.of(name) as unknown as AnyNamespace;
    const auths = new WeakMap<object, unknown>();
    const admit = async (request: { readonly auth: unknown }): Promise<Admission> => {
      const admission = { release: async () => undefined, withdraw: async () => undefined } as unknown as Admission;
      auths.set(admission, request.auth);
      return admission;
    };
    authenticate(namespace, { admit, slots, connects, onRefused: () => undefined });
    io.of(name).on("connection", (socket) => {
      socket.emit("auth", auths.get(socket.data.admission));
      socket.on("message", (...args) => socket.emit("message-back", ...args));
      socket.on("message-with-ack", (...args) => args.pop()(...args));
    });
  }
}
