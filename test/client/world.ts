// What the client's tests stand on: a real server behind a line that can be cut, a backend, and clients that are closed.
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import {
  type ChannelsClient,
  type Client,
  type ClientOptions,
  createClient,
  type DashboardClient,
} from "../../src/client/index.ts";
import { createEmitter, type DurableSends } from "../../src/emitter/index.ts";
import { type Cuttable, startCuttable } from "../support/cuttable.ts";
import { eventually } from "../support/eventually.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

/** How long a busy machine may take for one thing, in milliseconds. */
const PATIENCE_MS = 20_000;

/** The world of one test file. */
export interface World {
  readonly server: SpawnedServer;
  readonly line: Cuttable;
  /** Sends durably, straight to the server. */
  readonly backend: DurableSends;
  /** A new user's id: a whole number, as the dashboard wants it. */
  user(): string;
  /** A client of a user through the line, with short waits. Closed after the test. */
  client(user: string, options?: Partial<ClientOptions>): Client;
}

/** Starts a server before the tests of a file and stops it after them. */
export function startWorld(env: Record<string, string> = {}): World {
  vi.setConfig({ testTimeout: 3 * PATIENCE_MS });
  const clients: Client[] = [];
  let users = 1000;
  let server: SpawnedServer | undefined;
  let line: Cuttable | undefined;
  let backend: DurableSends | undefined;

  beforeAll(async () => {
    const limits = { DASHBOARD_ATTEMPTS_PER_MINUTE: "1000", CONNECT_ATTEMPTS_PER_MINUTE: "1000" };
    server = await spawnServer({ ...limits, LOG_LEVEL: "warn", ...env });
    line = await startCuttable(() => server?.ports[0] ?? 0);
    backend = createEmitter({ api: { url: server.url, token: signToken({ sub: "1", role: "service" }) } });
  });
  afterEach(async () => {
    line?.mend();
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  afterAll(async () => {
    await line?.close();
    await server?.stop();
  });

  return {
    get server() {
      return there(server);
    },
    get line() {
      return there(line);
    },
    get backend() {
      return there(backend);
    },
    user: () => String(++users),
    client(user, options = {}) {
      const backoff = { first: 20, longest: 200 };
      const client = createClient({ url: there(line).url, token: signToken(user), backoff, ...options });
      clients.push(client);
      return client;
    },
  };
}

/** Waits until a handle is in a state. */
export function reaches(handle: { readonly state: string }, state: string): Promise<boolean> {
  return eventually(() => handle.state === state, { what: `the state ${state}`, timeoutMs: PATIENCE_MS });
}

/** Cuts the line and waits until the handle has lost its connection and has another one. */
export async function cutAndBack(line: Cuttable, handle: DashboardClient | ChannelsClient): Promise<void> {
  const steps: string[] = [];
  const listened = [
    (handle as ChannelsClient).on("disconnected", () => steps.push("disconnected")),
    (handle as ChannelsClient).on("connected", () => steps.push("connected")),
  ];
  line.cut();
  await filled(steps, 2);
  await reaches(handle, "connected");
  for (const stop of listened) stop();
}

/** Waits until a list has this many items, and gives it back. */
export async function filled<Item>(
  list: readonly Item[],
  length: number,
  timeoutMs = PATIENCE_MS,
): Promise<readonly Item[]> {
  await eventually(() => list.length >= length, { what: `${length} items`, timeoutMs });
  return list;
}

function there<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("only within a test");
  return thing;
}
