// Routing upgrade requests: to Socket.IO below its path, to the raw engine at its exact paths, to nobody anywhere else.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { EntryQueue } from "../connection/admission-queue.ts";
import { HOST_NOT_ALLOWED, pathOf, queryOf } from "../connection/request.ts";
import { Failure } from "../contract/errors.ts";
import { prepareHandshake } from "../web-socket/opening-handshake.ts";
import type { Dialect } from "./codec.ts";
import type { RawEngine } from "./engine.ts";
import { continueAsHttp, offersHttp2 } from "./plain-http.ts";
import { answerHttp, refuseByHttp, retryAfter } from "./refusal.ts";

/** How upgrade requests are routed. */
export interface UpgradeRouting<A> {
  readonly engine: Pick<RawEngine<A>, "dialectAt" | "handleUpgrade">;
  /** Takes requests to Socket.IO's path that need no more than a WebSocket; those that it leaves are engine.io's. */
  readonly takesDirectly?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** Socket.IO's path with its slash at the end. */
  readonly socketIoPath?: string;
  /** Whether a page of this `Origin` may connect to this `Host`. Without the header it is no browser, and is not asked about. */
  readonly allowsOrigin: (origin: string | undefined, host: string | undefined) => boolean;
  /** Whether this node answers under the name in `Host`. */
  readonly allowsHost: (host: string | undefined) => boolean;
  /** Whether another connection may come in now. */
  readonly capacity: () => "ok" | "full" | "draining";
  /** Where new connections wait for their turn; without it each is taken at once. */
  readonly queue?: EntryQueue;
  /** Upgrade requests for other paths: refused with 404, or left to the server's other listeners. */
  readonly others?: "refuse" | "leave";
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Tells a full node's clients when to come back, in milliseconds. A draining one has successors. */
const RETRY_AFTER_MS = { full: 10_000, draining: 1000, busy: 5000 } as const;

/**
 * Takes over the server's `upgrade` event. Call it after `io.attach(server)`: engine.io's listener, like all that were there
 * before, then hears only what is routed to it. Any number of servers can be routed to the same engine.
 * @returns puts the listeners back that were there before
 */
export function routeUpgrades<A>(server: Server, routing: UpgradeRouting<A>): () => void {
  const { engine, socketIoPath = "/socket.io/", allowsOrigin, allowsHost, capacity, queue } = routing;
  const { takesDirectly = () => false, others = "refuse" } = routing;
  const before = server.listeners("upgrade") as UpgradeListener[];
  const pass: UpgradeListener = (...upgrade) => {
    for (const listener of before) listener.apply(server, upgrade);
  };

  const route: UpgradeListener = (request, socket, head) => {
    if (offersHttp2(request)) {
      continueAsHttp(server, request, socket, head);
      return;
    }
    const path = pathOf(request.url);
    const isSocketIo = path.startsWith(socketIoPath);
    const dialect = isSocketIo ? undefined : engine.dialectAt(path);
    if (dialect === undefined && !isSocketIo) {
      if (others === "leave") pass(request, socket, head);
      else refuse(socket, 404, "there is nothing to connect to here");
      return;
    }
    const problem = prepareHandshake(request);
    if (problem !== undefined) {
      refuse(socket, problem.status, problem.error, problem.headers);
      return;
    }
    const { origin, host } = request.headers;
    if (!allowsHost(host)) {
      refuse(socket, 403, HOST_NOT_ALLOWED);
      return;
    }
    if (origin !== undefined && !allowsOrigin(origin, host)) {
      refuse(socket, 403, "origin not allowed");
      return;
    }
    const take = (): void => {
      if (dialect !== undefined) engine.handleUpgrade(dialect, request, socket, head);
      else if (!takesDirectly(request, socket, head)) pass(request, socket, head);
    };
    if (isSocketIo && queryOf(request.url)["sid"] !== undefined)
      take(); // a session that polls until now
    else inTurn({ socket, dialect, take }, capacity, queue);
  };

  server.removeAllListeners("upgrade");
  server.on("upgrade", route);
  return () => {
    server.off("upgrade", route);
    for (const listener of before) server.on("upgrade", listener);
  };
}

/** A new connection that wants to be taken. */
interface Newcomer {
  readonly socket: Duplex;
  /** Without one it speaks Socket.IO. */
  readonly dialect: Dialect | undefined;
  readonly take: () => void;
}

/** Takes it when its turn comes, if there is room for it, now and then. */
function inTurn({ socket, dialect, take }: Newcomer, capacity: () => Capacity, queue: EntryQueue | undefined): void {
  const ifThereIsRoom = (enter: () => void): void => {
    const state = capacity();
    if (state === "ok") enter();
    else refuseForCapacity(socket, dialect, state);
  };
  if (queue === undefined) {
    ifThereIsRoom(take);
    return;
  }
  ifThereIsRoom(() => {
    const destroy = () => void socket.destroy();
    socket.on("error", destroy);
    const isQueued = queue.add(() => {
      socket.off("error", destroy);
      if (!socket.destroyed) ifThereIsRoom(take);
    });
    if (!isQueued) refuseForCapacity(socket, dialect, "busy");
  });
}

type Capacity = ReturnType<UpgradeRouting<unknown>["capacity"]>;

function refuseForCapacity(socket: Duplex, dialect: Dialect | undefined, state: keyof typeof RETRY_AFTER_MS): void {
  const failure = new Failure("SERVER_ERROR", `the node is ${state}`, { retryAfterMs: RETRY_AFTER_MS[state] });
  if (dialect === undefined) {
    refuse(socket, 503, failure.message, retryAfter(RETRY_AFTER_MS[state]));
    return;
  }
  socket.on("error", () => socket.destroy());
  refuseByHttp(socket, dialect, failure, undefined);
}

function refuse(socket: Duplex, status: number, error: string, headers?: Readonly<Record<string, string>>): void {
  socket.on("error", () => socket.destroy());
  answerHttp(socket, status, JSON.stringify({ error }), headers);
}
