// A real Socket.IO server with the raw engine on a free port, and namespaces that do just enough to talk to.

import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import type { AdmissionRequest } from "../../../src/connection/admission-request.ts";
import { FlushSchedule } from "../../../src/connection/flush-schedule.ts";
import { Failure } from "../../../src/contract/errors.ts";
import { invalidField } from "../../../src/contract/parse.ts";
import type { RawSocket } from "../../../src/raw/connection.ts";
import { DIALECTS } from "../../../src/raw/dialects/table.ts";
import { RawEngine } from "../../../src/raw/engine.ts";
import type { RawEngineOptions } from "../../../src/raw/options.ts";
import { routeUpgrades, type UpgradeRouting } from "../../../src/raw/upgrade-router.ts";
import { PACKET_PARSER } from "../../../src/realtime/packet-parser.ts";
import { createDirectWriter } from "../../../src/web-socket/direct-write.ts";

/** What the rig's admission returns. */
export interface Admitted {
  readonly user: string;
  readonly request: AdmissionRequest;
}

/** A running server. */
export interface Rig {
  readonly io: Server;
  readonly engine: RawEngine<Admitted>;
  readonly http: HttpServer;
  readonly port: number;
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
  readonly admissions: Admitted[];
  readonly released: Admitted[];
  readonly faults: unknown[];
  /** The latest raw connection's socket. */
  socket(): Socket;
  raw(): RawSocket;
  close(): Promise<void>;
}

/** What a test changes. */
export interface RigOptions {
  engine?: Partial<RawEngineOptions<Admitted>>;
  routing?: Partial<UpgradeRouting<Admitted>>;
  /** Told of every namespace's new socket. */
  onSocket?: (socket: Socket) => void;
}

/** Starts one. A token is the name of its user; `bad` is refused. */
export async function startRig({ engine: changes, routing, onSocket }: RigOptions = {}): Promise<Rig> {
  const admissions: Admitted[] = [];
  const released: Admitted[] = [];
  const faults: unknown[] = [];
  const engine = new RawEngine<Admitted>({
    dialects: DIALECTS,
    admit: async (request) => {
      const admitted = { user: admit(request), request };
      admissions.push(admitted);
      return admitted;
    },
    release: (admission) => void released.push(admission),
    messageRate: () => () => "take",
    maxMessageBytes: 65_536,
    flushes: new FlushSchedule(),
    directWriter: createDirectWriter(),
    unsent: { maxBufferedBytes: 1_048_576, budget: { add: () => undefined, exceeded: false } },
    keepAlive: { pingIntervalMs: 30_000, pongTimeoutMs: 30_000 },
    onFault: (_what, error) => void faults.push(error),
    times: { authFrameMs: 200, lingerMs: 200, ackPingMs: 20, closeTimeoutMs: 500 },
    ...changes,
  });
  const io = new Server({ destroyUpgrade: false, serveClient: false, parser: PACKET_PARSER });
  io.bind(engine);
  const http = createServer((_request, response) => response.writeHead(404).end());
  io.attach(http);
  routeUpgrades(http, { engine, allowsOrigin: () => true, allowsHost: () => true, capacity: () => "ok", ...routing });
  let latest: Socket | undefined;
  for (const name of ["/dashboard", "/channels", "/study-time"]) {
    io.of(name).on("connection", (socket) => {
      latest = socket;
      onSocket?.(socket);
    });
  }
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const socket = (): Socket => {
    if (latest === undefined) throw new Error("no socket has connected");
    return latest;
  };
  return {
    io,
    engine,
    http,
    port,
    url: `ws://127.0.0.1:${port}`,
    admissions,
    released,
    faults,
    socket,
    raw: () => socket().conn as unknown as RawSocket,
    async close() {
      await engine.close();
      await io.close();
    },
  };
}

function admit({ token, query, traits }: AdmissionRequest): string {
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) throw invalidField(name, "must be given once");
  }
  if (token === "bad") throw new Failure("INVALID_TOKEN");
  if (token === "limited") throw new Failure("RATE_LIMIT", "too many attempts", { retryAfterMs: 7000 });
  if (token === "fault") throw new Error("secret of the database");
  const user = token ?? (traits.queryUser === "never" ? undefined : (query["userId"] ?? query["user_id"]));
  if (typeof user !== "string") throw new Failure("AUTH_FAILED");
  return user;
}
