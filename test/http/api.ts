// A real API server for tests: real store, log, services, cluster and Socket.IO, on a free port.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type express from "express";
import type { RequestHandler } from "express";
import { pino } from "pino";
import { Server } from "socket.io";
import { createHostCheck } from "../../src/auth/hosts.ts";
import { createOriginCheck } from "../../src/auth/origins.ts";
import { createRevocations, type Revocations } from "../../src/auth/revocations.ts";
import { createTokenVerifier } from "../../src/auth/token-verifier.ts";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { createMemoryCluster } from "../../src/cluster/memory/memory-cluster.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLimits, type Limits } from "../../src/config/limits.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import type { HttpDependencies } from "../../src/http/http.ts";
import { createHttp, createRouter } from "../../src/http/http.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { createBroadcast } from "../../src/realtime/broadcast.ts";
import { createControl } from "../../src/realtime/control.ts";
import type { AnyNamespace } from "../../src/realtime/types.ts";
import { createServices, type Services } from "../../src/services/services.ts";
import { openStore, type Store, type StoreConfig } from "../../src/store/store.ts";
import { signToken, TEST_SECRET } from "../support/tokens.ts";

/** What answers say, all kinds together; each has some of it. */
export interface AnswerBody {
  error: { code: string; message: string; fields?: Record<string, string> };
  results: { status: number; body: AnswerBody }[];
  events: { offset: number; id: string; event: string; data: Record<string, unknown>; timestamp: number }[];
  id: string;
  channel: string;
  offset: number;
  passed: boolean;
  sessionId: string;
  before: number;
}

/** An answer with its body read. */
export interface Answered {
  status: number;
  headers: Headers;
  /** JSON, where the answer is that. */
  body: AnswerBody;
  text: string;
}

/** How a call is made; `as` is who calls (a service unless said otherwise), null for nobody. */
export interface CallOptions {
  as?: string | null;
  key?: string;
  headers?: Record<string, string>;
}

/** A node's API and everything behind it. */
export interface Api {
  readonly url: string;
  readonly store: Store;
  readonly log: EventLog;
  readonly services: Services;
  readonly cluster: Cluster;
  readonly revocations: Revocations;
  readonly io: Server;
  readonly dependencies: HttpDependencies;
  /** Everything that was logged, as it was written. */
  readonly logged: string[];
  get(path: string, options?: CallOptions): Promise<Answered>;
  post(path: string, body: unknown, options?: CallOptions): Promise<Answered>;
  put(path: string, body: unknown, options?: CallOptions): Promise<Answered>;
  /** A call as it is. */
  fetch(path: string, init?: RequestInit): Promise<Answered>;
  close(): Promise<void>;
}

/** What a test may want otherwise. */
export interface ApiOptions extends Partial<Pick<HttpDependencies, "trustedCidrs" | "draining" | "console">> {
  store?: StoreConfig;
  origins?: string[];
  limits?: Partial<Limits>;
  /** Changes the dependencies before the API is made of them. */
  adjust?: (dependencies: HttpDependencies) => HttpDependencies;
  /** An Express app of somebody else's, with the API mounted on it. */
  host?: (router: RequestHandler) => express.Express;
}

/** Tokens of the usual callers. */
export const TOKENS = {
  service: signToken({ sub: "backend", role: "service", username: "Backend" }),
  admin: signToken({ sub: "root", role: "admin" }),
  user: (id: string): string => signToken(id),
};

/** Starts one. */
export async function startApi(options: ApiOptions = {}): Promise<Api> {
  const store = await openStore(options.store ?? { kind: "memory" });
  const cluster = createMemoryCluster();
  const log = createEventLog({ store, retention: { days: 7, count: 1000 } });
  const services = createServices({ store, eventLog: log });
  const revocations = await createRevocations({ store, bus: cluster.bus });
  const io = new Server();
  const channels = io.of("/channels") as AnyNamespace;
  channels.on("connection", (socket) => {
    const rooms = String(socket.handshake.auth["rooms"] ?? "").split(",");
    // Only the API is tried here: what the middleware of the namespace would have found out is in the name of the room.
    const connection = { closeWith: () => undefined };
    Object.assign(socket.data, { admission: { user: rooms[0]?.replace("user:", "") }, connection });
    void socket.join(rooms);
  });
  const logged: string[] = [];
  const dependencies: HttpDependencies = {
    verify: createTokenVerifier({ key: { alg: "HS256", secret: TEST_SECRET }, issuer: undefined, audience: undefined }),
    revocations,
    services,
    eventLog: log,
    store,
    cluster,
    broadcast: createBroadcast(channels, cluster),
    control: createControl(cluster, [channels]),
    limits: { ...createLimits(readConfig({})), ...options.limits },
    metrics: createMetrics({ connections: () => [], redis: () => cluster.health().redis }),
    logger: pino({ level: "debug" }, { write: (line: string) => void logged.push(line) }),
    allowsOrigin: createOriginCheck({ kind: "list", origins: options.origins ?? [] }),
    allowsHost: createHostCheck({ kind: "list", names: [] }),
    trustedCidrs: options.trustedCidrs ?? [],
    draining: options.draining ?? (() => false),
    ...(options.console === undefined ? {} : { console: options.console }),
  };
  const used = options.adjust?.(dependencies) ?? dependencies;
  const app = options.host?.(createRouter(used)) ?? createHttp(used);
  const server = createServer(app);
  io.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const fetched = async (path: string, init?: RequestInit): Promise<Answered> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : undefined,
      text,
    };
  };
  const call = (method: string, path: string, body: unknown, { as = TOKENS.service, key, headers }: CallOptions = {}) =>
    fetched(path, {
      method,
      headers: {
        ...(as === null ? {} : { Authorization: `Bearer ${as}` }),
        ...(key === undefined ? {} : { "Idempotency-Key": key }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  return {
    url,
    store,
    log,
    services,
    cluster,
    revocations,
    io,
    dependencies: used,
    logged,
    fetch: fetched,
    get: (path, callOptions) => call("GET", path, undefined, callOptions),
    post: (path, body, callOptions) => call("POST", path, body, callOptions),
    put: (path, body, callOptions) => call("PUT", path, body, callOptions),
    async close() {
      await io.close();
      server.closeAllConnections();
      await log.close();
      await services.studyTime.close();
      await services.idempotency.close();
      revocations.close();
      await cluster.close();
      await store.close();
    },
  };
}
