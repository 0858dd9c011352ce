// Socket.IO itself: the server, its options and the guards that every connection passes.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Server } from "socket.io";
import type { UnsentBudget } from "../contract/connection.ts";
import type { BurstLimit } from "../limits.ts";
import { guardBackPressure } from "./back-pressure.ts";
import type { Connection } from "./connections.ts";
import { createMessageRate } from "./message-rate.ts";
import type { AllowsOrigin } from "./origins.ts";

/** What the server is made of. Times in milliseconds, sizes in bytes. */
export interface RealtimeOptions {
  transports: readonly ("websocket" | "polling")[];
  keepAlive: { pingIntervalMs: number; pongTimeoutMs: number };
  /** A connection that has joined no namespace for so long is closed. */
  joinWithinMs: number;
  messages: BurstLimit;
  maxMessageBytes: number;
  maxBufferedBytes: number;
  /** The unsent bytes of all connections of the node. */
  unsent: UnsentBudget;
  allowsOrigin: AllowsOrigin;
  /** Whether another connection may come in now. */
  capacity: () => "ok" | "full" | "draining";
}

type DecideCors = (error: null, options: { origin: string | false; credentials: boolean }) => void;

/**
 * Makes the Socket.IO server, not attached yet. The default namespace admits no one; a foreign `Origin`, a full and a
 * draining node are refused before the handshake.
 */
export function createRealtimeServer(options: RealtimeOptions): Server {
  const io = new Server({
    path: "/socket.io",
    serveClient: false,
    transports: [...options.transports],
    pingInterval: options.keepAlive.pingIntervalMs,
    pingTimeout: options.keepAlive.pongTimeoutMs,
    maxHttpBufferSize: options.maxMessageBytes,
    connectTimeout: options.joinWithinMs,
    destroyUpgrade: false,
    allowRequest: ({ headers }, decide) => {
      const allowed = options.allowsOrigin(headers.origin, headers.host);
      decide(allowed ? null : "origin not allowed", allowed);
    },
    cors: ({ headers }: { headers: IncomingHttpHeaders }, decide: DecideCors) => {
      const { origin, host } = headers;
      decide(null, { origin: origin !== undefined && options.allowsOrigin(origin, host) && origin, credentials: true });
    },
  });
  io.use((_socket, next) => next(refused("FORBIDDEN", "connect to a namespace: /dashboard, /channels or /study-time")));
  return io;
}

/** Puts the guards on each connection of Socket.IO's own transports. Call after `io.bind` and `io.attach`. */
export function guardConnections(io: Server, options: RealtimeOptions): void {
  io.engine.use(
    (request: IncomingMessage & { _query?: { sid?: string } }, response: ServerResponse, next: () => void) => {
      if (request._query?.sid !== undefined || options.capacity() === "ok") return next();
      response.writeHead(503, { "Retry-After": "5", "Content-Type": "application/json", Connection: "close" });
      response.end(JSON.stringify({ error: `the node is ${options.capacity()}` }));
    },
  );
  io.engine.on("connection", (connection: Connection) => {
    guardBackPressure(connection, { maxBufferedBytes: options.maxBufferedBytes, budget: options.unsent });
    // Events are limited where they are handled; this is for floods of anything else (acks, packets of no namespace).
    const rate = createMessageRate(options.messages);
    connection.on("data", (data: unknown) => {
      if (!isEvent(data) && rate() === "close") connection.close(true);
    });
  });
}

/** Whether a packet is an event, with or without attachments (socket.io-protocol 5). */
function isEvent(packet: unknown): boolean {
  return typeof packet === "string" && (packet.startsWith("2") || packet.startsWith("5"));
}

/** A `connect_error` with `data: {code, message}`. */
export function refused(code: string, message: string): Error & { data: { code: string; message: string } } {
  return Object.assign(new Error(message), { data: { code, message } });
}
