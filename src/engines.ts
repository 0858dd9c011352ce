// The engines below Socket.IO: engine.io for clients that poll, one for those that open a WebSocket at once, one for raw dialects.
import type { Server as HttpServer } from "node:http";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import { FlushSchedule } from "./connection/flush-schedule.ts";
import { queryOf } from "./connection/request.ts";
import { DirectEngine, type DirectEngineOptions, type EngineIo } from "./engine-io/engine.ts";
import type { Metrics } from "./http/metrics.ts";
import { DIALECTS } from "./raw/dialects/table.ts";
import { RawEngine } from "./raw/engine.ts";
import { routeUpgrades, type UpgradeRouting } from "./raw/upgrade-router.ts";
import type { Admission, Admit } from "./realtime/admission.ts";
import { createMessageRate } from "./realtime/message-rate.ts";
import { createOnRefused } from "./realtime/refusals.ts";
import { attachEngine, guardConnections, type RealtimeOptions, watchHooks } from "./realtime/server.ts";
import { createDirectWriter } from "./web-socket/direct-write.ts";

/** How long a client may take to answer a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 3000;

/** What the engines stand on. */
export interface EngineDependencies {
  readonly admit: Admit;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "refused" | "malformedFrame">;
}

/** The engines of one node. */
export interface Engines {
  /** Raw connections, and those that are being decided on; all others are counted by engine.io. */
  readonly rawClientsCount: number;
  /** Serves clients of this HTTP server. @returns takes the engines off it again */
  attach(server: HttpServer, others: "refuse" | "leave"): () => void;
  /** Closes every WebSocket. Resolves when the last one is gone. */
  close(): Promise<void>;
}

/** Creates the engines; nobody is let in before `attach`. */
export function createEngines(io: Server, options: RealtimeOptions, dependencies: EngineDependencies): Engines {
  const sending = { flushes: new FlushSchedule(), directWriter: createDirectWriter() };
  const raw = createRawEngine(dependencies, options, sending);
  const direct = createDirectEngine(options, sending);
  const { allowsOrigin, allowsHost, capacity, queue } = options;
  return {
    get rawClientsCount() {
      return raw.clientsCount;
    },
    attach(server, others) {
      io.bind(raw); // first: what is bound last is `io.engine`
      const detachEngine = attachEngine(io, server, options);
      guardConnections(io, options);
      const isHooked = watchHooks(io);
      const takesDirectly: Upgrade = (request, socket, head) => {
        const takes = options.transports.includes("websocket") && direct.serves(queryOf(request.url)) && !isHooked();
        if (takes) direct.handleUpgrade(io.engine as unknown as EngineIo, request, socket, head);
        return takes;
      };
      const routing = { engine: raw, takesDirectly, allowsOrigin, allowsHost, capacity, queue, others };
      const unroute = routeUpgrades(server, routing);
      return () => {
        unroute();
        detachEngine();
      };
    },
    async close() {
      await Promise.all([raw.close(), direct.close()]);
    },
  };
}

/** How what is sent leaves; the engines share it. */
type Sending = Pick<DirectEngineOptions, "flushes" | "directWriter">;

/** The raw engine: its connections share the unsent budget and the limits of Socket.IO's own. */
function createRawEngine(
  { metrics, logger, admit }: EngineDependencies,
  { messages, maxMessageBytes, maxBufferedBytes, unsent, keepAlive }: RealtimeOptions,
  sending: Sending,
): RawEngine<Admission> {
  return new RawEngine<Admission>({
    dialects: DIALECTS,
    admit,
    release: (admission) => void admission.release(),
    messageRate: () => createMessageRate(messages),
    onMalformed: () => metrics.malformedFrame("raw"),
    maxMessageBytes,
    unsent: { maxBufferedBytes, budget: unsent },
    ...sending,
    keepAlive,
    onFault: (what, error) => logger.error({ err: error, what }, "the raw engine failed"),
    onRefused: createOnRefused({ metrics, logger }),
  });
}

type Upgrade = NonNullable<UpgradeRouting<Admission>["takesDirectly"]>;

/** The engine of Socket.IO's clients that come over a WebSocket at once. */
function createDirectEngine(
  { messages, maxMessageBytes, maxBufferedBytes, unsent, keepAlive }: RealtimeOptions,
  sending: Sending,
): DirectEngine {
  return new DirectEngine({
    maxMessageBytes,
    unsent: { maxBufferedBytes, budget: unsent },
    ...sending,
    keepAlive,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    otherRate: () => createMessageRate(messages),
  });
}
