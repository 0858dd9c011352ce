// Classwire as the public protocol suites expect a server: their namespaces, events, times and sizes, over the product's own wiring.
import { pino } from "pino";
import type { Socket } from "socket.io";
import { type Classwire, createClasswire } from "../../../src/app.ts";
import { type Config, readConfig } from "../../../src/config/config.ts";
import type { Admission } from "../../../src/realtime/admission.ts";
import { authenticate } from "../../../src/realtime/authentication.ts";
import { ConnectOrder } from "../../../src/realtime/connect-order.ts";
import type { EngineSocket } from "../../../src/realtime/engine-connection.ts";
import { createNamespaceSlots } from "../../../src/realtime/namespace-slots.ts";
import type { AnySocket } from "../../../src/realtime/types.ts";
import { TEST_SECRET } from "../../support/tokens.ts";

/** What both suites expect, in milliseconds and bytes; their files name these numbers. */
const EXPECTED = {
  keepAlive: { pingIntervalMs: 300, pongTimeoutMs: 200 },
  connectTimeoutMs: 1000,
  maxMessageBytes: 1_000_000,
};
/** The suites know no limits: no rate stands between their packets and the code that reads them. */
const UNLIMITED = "1000000";

/** A server that listens. Close it when done. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Lets clients in, or nobody: then it is closed. @throws the system's error, e.g. EADDRINUSE */
async function listening(classwire: Classwire): Promise<Listening> {
  try {
    const [url = ""] = await classwire.listen();
    return { port: Number(new URL(url).port), close: () => classwire.close() };
  } catch (error) {
    await classwire.close();
    throw error;
  }
}

/** Creates the product: its HTTP server, router, engine options and guards. Times in milliseconds. */
async function start(port: number, keepAlive: Config["keepAlive"]): Promise<Classwire> {
  const config = readConfig({
    PORT: String(port),
    DATABASE_URL: "memory:",
    JWT_SECRET: TEST_SECRET,
    LOG_LEVEL: "warn",
    MAX_MESSAGE_BYTES: String(EXPECTED.maxMessageBytes),
    MESSAGES_PER_SECOND: UNLIMITED,
    CONNECT_ATTEMPTS_PER_MINUTE: UNLIMITED,
  });
  return createClasswire({
    config: { ...config, keepAlive }, // the operator's setting is in whole seconds
    logger: pino({ level: config.logLevel }),
    defaultNamespace: "open",
    times: { joinWithinMs: EXPECTED.connectTimeoutMs },
  });
}

/** Serves what the Socket.IO protocol's suite connects to: `/` and `/custom`, open to everyone. Port 0 is any free one. */
export async function startSocketIoServer(port: number, keepAlive = EXPECTED.keepAlive): Promise<Listening> {
  const classwire = await start(port, keepAlive);
  const slots = createNamespaceSlots(EXPECTED.connectTimeoutMs);
  const connects = new ConnectOrder();
  for (const name of ["/", "/custom"]) {
    const namespace = classwire.io.of(name);
    const given = new WeakMap<object, unknown>();
    namespace.use((socket, next) => {
      given.set(socket, socket.handshake.auth); // before the product takes the token out of it
      next();
    });
    authenticate(namespace, {
      admit: async () => anyone(name),
      slots,
      connects,
      onRefused: () => undefined,
      turn: () => Promise.resolve(),
    });
    namespace.on("connection", (socket) => echo(socket, given.get(socket)));
  }
  return listening(classwire);
}

/** The admission of somebody whom nobody asked who it is. */
function anyone(namespace: string): Admission {
  const nothing = async (): Promise<void> => undefined;
  return { namespace, release: nothing, withdraw: nothing } as unknown as Admission;
}

/** Answers as the suite expects. */
function echo(socket: Socket | AnySocket, auth: unknown): void {
  const plain = socket as Socket;
  plain.emit("auth", auth);
  plain.on("message", (...args: unknown[]) => plain.emit("message-back", ...args));
  plain.on("message-with-ack", (...args: unknown[]) => {
    const ack = args.pop() as (...answer: unknown[]) => void;
    ack(...args);
  });
}

/** Serves what the Engine.IO protocol's suite connects to: the transports alone, at `/engine.io/`, which echo messages. */
export async function startEngineIoServer(port: number, keepAlive = EXPECTED.keepAlive): Promise<Listening> {
  const classwire = await start(port, keepAlive);
  const { engine } = classwire.io;
  const readers = engine.listeners("connection").filter(({ name }) => name === "bound onconnection");
  if (readers.length !== 1) throw new Error(`engine.io has ${readers.length} readers that could be Socket.IO, not one`);
  for (const reader of readers) engine.off("connection", reader as () => void); // Socket.IO reads packets, which these are not
  engine.on("connection", (connection: EngineSocket) => {
    connection.on("message", (message: string | Buffer) => void connection.send(message));
  });
  for (const event of ["request", "upgrade"] as const)
    classwire.server.prependListener(event, (request: { url?: string }) => {
      request.url = request.url?.replace(/^\/engine\.io\//, "/socket.io/") ?? "";
    });
  return listening(classwire);
}
