// Socket.IO itself: the server, its options and the guards that every connection passes.
import { type Server as HttpServer, type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from "node:http";
import { attach } from "engine.io";
import { Server } from "socket.io";
import type { AllowsHost } from "../auth/hosts.ts";
import type { AllowsOrigin } from "../auth/origins.ts";
import type { BurstLimit } from "../config/limits.ts";
import type { EntryQueue } from "../connection/admission-queue.ts";
import { asClientConnection } from "../connection/client-connection.ts";
import { HOST_NOT_ALLOWED } from "../connection/request.ts";
import type { UnsentBudget } from "../connection/unsent-budget.ts";
import { Failure } from "../contract/errors.ts";
import { guardBackPressure } from "./back-pressure.ts";
import type { EngineSocket } from "./engine-connection.ts";
import { connectError } from "./errors.ts";
import { guardInbound } from "./inbound.ts";
import { PACKET_PARSER } from "./packet-parser.ts";

/** What the server is made of. Times in milliseconds, sizes in bytes. */
export interface RealtimeOptions {
  transports: readonly ("websocket" | "polling")[];
  keepAlive: { pingIntervalMs: number; pongTimeoutMs: number };
  /** A connection that has joined no namespace after this time is closed. */
  joinWithinMs: number;
  /** Whether `/` admits no one, or is there for a library user to serve. */
  defaultNamespace: "closed" | "open";
  messages: BurstLimit;
  maxMessageBytes: number;
  maxBufferedBytes: number;
  /** The unsent bytes of all connections of the node. */
  unsent: UnsentBudget;
  allowsOrigin: AllowsOrigin;
  allowsHost: AllowsHost;
  /** Whether another connection may come in now. */
  capacity: () => "ok" | "full" | "draining";
  /** Where new connections wait for their turn. */
  queue: EntryQueue;
}

type DecideCors = (error: null, options: { origin: string | false; credentials: boolean }) => void;

/** Creates the Socket.IO server, not attached yet. The default namespace admits no one unless it is to be open. */
export function createRealtimeServer({
  joinWithinMs,
  defaultNamespace,
}: Pick<RealtimeOptions, "joinWithinMs" | "defaultNamespace">): Server {
  const io = new Server({ serveClient: false, connectTimeout: joinWithinMs, parser: PACKET_PARSER });
  if (defaultNamespace === "open") return io;
  io.use((_socket, next) =>
    next(connectError(new Failure("FORBIDDEN", "connect to a namespace: /dashboard, /channels or /study-time"))),
  );
  return io;
}

/**
 * Serves Socket.IO's own transports on an HTTP server; a foreign `Origin` is refused before the handshake. Unlike `io.attach`
 * it leaves the server its owner's: closing `io` does not close it. Call after `io.bind` of other engines.
 * @returns takes it off the server again
 */
export function attachEngine(io: Server, server: HttpServer, options: RealtimeOptions): () => void {
  const before = new Map(LISTENED.map((event) => [event, server.listeners(event) as Listener[]]));
  const engine = attach(server, {
    path: "/socket.io",
    transports: [...options.transports],
    pingInterval: options.keepAlive.pingIntervalMs,
    pingTimeout: options.keepAlive.pongTimeoutMs,
    maxHttpBufferSize: options.maxMessageBytes,
    destroyUpgrade: false,
    allowRequest: ({ headers }, decide) => {
      const problem = refusalOf(headers, options);
      decide(problem ?? null, problem === undefined);
    },
    cors: ({ headers }: { headers: IncomingHttpHeaders }, decide: DecideCors) => {
      const { origin } = headers;
      const allowed = origin !== undefined && refusalOf(headers, options) === undefined;
      decide(null, { origin: allowed && origin, credentials: true });
    },
  });
  io.bind(engine);
  const its = LISTENED.flatMap((event) =>
    (server.listeners(event) as Listener[])
      .filter((listener) => !before.get(event)?.includes(listener))
      .map((listener) => ({ event, listener })),
  );
  return () => {
    for (const { event, listener } of its) server.off(event, listener);
    // The engine calls the listeners that it found from its own.
    for (const [event, listeners] of before) {
      for (const listener of listeners) if (!server.listeners(event).includes(listener)) server.on(event, listener);
    }
  };
}

/** Why a request may not connect, by the page that it comes from and the name by which it calls. */
function refusalOf({ origin, host }: IncomingHttpHeaders, options: RealtimeOptions): string | undefined {
  if (!options.allowsHost(host)) return HOST_NOT_ALLOWED;
  return options.allowsOrigin(origin, host) ? undefined : "origin not allowed";
}

/** The events of an HTTP server that engine.io listens to. */
const LISTENED = ["request", "upgrade", "close"] as const;
type Listener = (...given: unknown[]) => void;

/** Puts the guards on each connection of Socket.IO's own transports. Call after `attachEngine`. */
export function guardConnections(io: Server, options: RealtimeOptions): void {
  io.engine.use(
    (request: IncomingMessage & { _query?: { sid?: string } }, response: ServerResponse, next: () => void) => {
      const refuse = (state: string): void => {
        response.writeHead(503, { "Retry-After": "5", "Content-Type": "application/json", Connection: "close" });
        response.end(JSON.stringify({ error: `the node is ${state}` }));
      };
      const enter = (): void => {
        const state = options.capacity();
        if (state === "ok") next();
        else refuse(state);
      };
      if (request._query?.sid !== undefined) return next();
      // An upgrade has had its turn, and is answered with what only looks like a response.
      if (!(response instanceof ServerResponse) || options.capacity() !== "ok") return enter();
      const isQueued = options.queue.add(() => {
        if (!request.destroyed) enter();
      });
      if (!isQueued) refuse("busy");
    },
  );
  io.engine.on("connection", (connection: EngineSocket) => {
    if (asClientConnection(connection) !== undefined) return; // it bounds itself
    guardBackPressure(connection, { maxBufferedBytes: options.maxBufferedBytes, budget: options.unsent });
    guardInbound(connection, options.messages);
  });
}

/**
 * Notes what listens to engine.io now; the answer says whether there is more by the time it is called: middleware, headers and ids
 * of a library user's own, which only engine.io's connections go through.
 */
export function watchHooks({ engine }: Server): () => boolean {
  const count = (): number =>
    (engine as unknown as { middlewares: readonly unknown[] }).middlewares.length +
    engine.listenerCount("initial_headers") +
    engine.listenerCount("headers");
  const before = count();
  return () => count() > before || Object.hasOwn(engine, "generateId");
}
