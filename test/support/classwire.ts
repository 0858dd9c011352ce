// A Classwire in this process for tests: real sockets, real HTTP, an in-memory database unless the test says otherwise.
import { pino } from "pino";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { type Classwire, type ClasswireOptions, createClasswire } from "../../src/app.ts";
import { readConfig } from "../../src/config/config.ts";
import { checkEvents } from "./check-events.ts";
import { signToken, TEST_SECRET } from "./tokens.ts";

/** A server under test and its clients. */
export interface TestServer {
  readonly classwire: Classwire;
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** Opens a socket; it is closed with the server. `who` is a user id or a token. */
  connect(namespace: string, who: string | undefined, options?: ConnectOptions): Socket;
  /** Calls the API as a service, or with the token given. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<{ status: number; body: Json }>;
  close(): Promise<void>;
}

/** What an answer may hold; tests look into it freely. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers whose shape is what they test
export type Json = any;

/** Starts a server on a free port. `env` is what an operator would set, `options` what a program would. */
export async function startClasswire(
  env: Record<string, string> = {},
  options: Omit<ClasswireOptions, "config"> = {},
): Promise<TestServer> {
  const config = readConfig({
    NODE_ENV: "development",
    PORT: "0",
    DATABASE_URL: "memory:",
    JWT_SECRET: TEST_SECRET,
    LOG_LEVEL: "silent",
    ...env,
  });
  const classwire = await createClasswire({ config, logger: pino({ level: config.logLevel }), ...options });
  const [url = ""] = await classwire.listen();
  const sockets: Socket[] = [];
  return {
    classwire,
    url,
    connect(namespace, who, options) {
      const socket = connectTo(url, namespace, who, options);
      sockets.push(socket);
      return socket;
    },
    async call(method, path, body, token = signToken({ sub: "1", role: "service" })) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    async close() {
      for (const socket of sockets) socket.close();
      await classwire.close();
    },
  };
}

/** How a client connects. `uncheckedEvents` are said by a library user, or by a backend through Redis: no row holds them. */
export type ConnectOptions = Partial<ManagerOptions & SocketOptions> & { uncheckedEvents?: readonly string[] };

/** Opens a socket to a server anywhere, whose events are held to their rows; close it when done. `who` is a user id or a token. */
export function connectTo(
  url: string,
  namespace: string,
  who: string | undefined,
  { uncheckedEvents, ...options }: ConnectOptions = {},
): Socket {
  const token = who?.includes(".") ? who : who === undefined ? undefined : signToken(who);
  const socket = io(url + namespace, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...options,
    auth: { ...(token === undefined ? {} : { token }), ...(options.auth as object | undefined) },
  });
  checkEvents(socket, namespace, uncheckedEvents);
  return socket;
}

/** Resolves with the arguments of the next `event`; rejects after 10 s, or when the connection is refused. */
export function next(socket: Socket, event: string): Promise<Json[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} came`)), 10_000);
    socket.once(event, (...args: unknown[]) => {
      clearTimeout(timer);
      resolve(args);
    });
    if (event !== "connect_error") {
      socket.once("connect_error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
    }
  });
}

/** Collects every occurrence of `event` from now on. */
export function collect(socket: Socket, event: string): Json[][] {
  const seen: Json[][] = [];
  socket.on(event, (...args: unknown[]) => seen.push(args));
  return seen;
}
