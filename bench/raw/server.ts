// What is measured: a Socket.IO server with the raw engine as the application wires it, without database and admission.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { FlushSchedule } from "../../src/connection/flush-schedule.ts";
import type { UnsentBudget } from "../../src/connection/unsent-budget.ts";
import { DIALECTS } from "../../src/raw/dialects/table.ts";
import { RawEngine } from "../../src/raw/engine.ts";
import { routeUpgrades } from "../../src/raw/upgrade-router.ts";
import { guardBackPressure } from "../../src/realtime/back-pressure.ts";
import { PACKET_PARSER } from "../../src/realtime/packet-parser.ts";
import { createDirectWriter } from "../../src/web-socket/direct-write.ts";

/** The server under test. */
export interface Measured {
  readonly io: Server;
  readonly engine: RawEngine<undefined>;
  readonly port: number;
}

/** Starts it on a free port. Everybody who connects to `/channels` joins the room that the query's `room` names. */
export async function startMeasured(budget: UnsentBudget): Promise<Measured> {
  const maxBufferedBytes = 1_048_576;
  const engine = new RawEngine<undefined>({
    dialects: DIALECTS,
    admit: async () => undefined,
    release: () => undefined,
    messageRate: () => () => "take",
    maxMessageBytes: 524_288,
    unsent: { maxBufferedBytes, budget },
    flushes: new FlushSchedule(),
    directWriter: createDirectWriter(),
    keepAlive: { pingIntervalMs: 3_600_000, pongTimeoutMs: 3_600_000 },
    onFault: (what, error) => console.error(what, error),
  });
  const io = new Server({
    destroyUpgrade: false,
    serveClient: false,
    parser: PACKET_PARSER,
    transports: ["websocket"],
  });
  io.bind(engine);
  const http = createServer();
  io.attach(http);
  io.engine.on("connection", (connection) => guardBackPressure(connection, { maxBufferedBytes, budget }));
  routeUpgrades(http, { engine, allowsOrigin: () => true, allowsHost: () => true, capacity: () => "ok" });
  io.of("/channels").on("connection", (socket) => {
    const { room } = socket.handshake.query;
    if (typeof room === "string") socket.join(room);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
  return { io, engine, port: (http.address() as AddressInfo).port };
}

/** Fails early and plainly where the system allows fewer open files than `needed`. */
export function needFiles(needed: number): void {
  const report = process.report?.getReport() as unknown as { userLimits?: { open_files?: { soft?: string | number } } };
  const soft = Number(report?.userLimits?.open_files?.soft ?? Number.POSITIVE_INFINITY);
  if (soft < needed) throw new Error(`needs ${needed} open files, the system allows ${soft}: ulimit -n ${needed}`);
}
