// Several whole nodes in this process, on a Redis and a database of their own, and clients of every kind that write down what they hear.
import type { Socket } from "socket.io-client";
import { connectTo, type Json, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Client, connect, type Frame } from "../support/raw-client.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { signToken } from "../support/tokens.ts";

/** Nodes of one cluster. */
export interface Nodes {
  readonly redis: Redis;
  /** What every node of this cluster is started with. */
  readonly env: Record<string, string>;
  readonly all: readonly TestServer[];
  /** The node by its number, from 0. */
  node(index: number): TestServer;
  close(): Promise<void>;
}

/** Starts them; `env` goes to each. */
export async function startNodes(count: number, env: Record<string, string> = {}): Promise<Nodes> {
  const redis = await startRedis(); // its own: channels of one Redis reach every test that shares it
  const shared = { DATABASE_URL: await createDatabase(), REDIS_URL: redis.url, ...env };
  const all = await Promise.all(Array.from({ length: count }, () => startClasswire(shared)));
  await eventually(async () => (await Promise.all(all.map(({ url }) => fetch(`${url}/readyz`)))).every(({ ok }) => ok));
  return {
    redis,
    env: shared,
    all,
    node(index) {
      const node = all[index];
      if (node === undefined) throw new Error(`there is no node ${index}`);
      return node;
    },
    async close() {
      await Promise.all(all.map((node) => node.close()));
      await redis.stop();
    },
  };
}

/** Where clients connect to: a node of this process, or one that is known by its URL only. */
export type Address = Pick<TestServer, "url" | "connect">;

/** A node in another process; its clients end with it. */
export function addressOf(url: string): Address {
  return { url, connect: (namespace, who, options) => connectTo(url, namespace, who, options) };
}

/** Somebody who hears. */
export interface Listener {
  /** Everything that came, in order: the event's name (or the frame's type) and what it says. */
  readonly heard: readonly Heard[];
  /** Waits (15 s, as a dead node may have to be noticed first) until something of this name came that contains all of `parts`. */
  hears(name: string, ...parts: string[]): Promise<Heard>;
  close(): void;
}

/** One event or frame. */
export interface Heard {
  readonly name: string;
  readonly body: Json;
  /** The offset, where it says one. */
  readonly offset?: number;
}

/** A Socket.IO client that is connected, and has heard `connected`. */
export interface SocketListener extends Listener {
  readonly socket: Socket;
  /** Emits and waits for a good answer. */
  ask(event: string, payload?: unknown): Promise<Json>;
}

/** Connects a Socket.IO client. `auth` is added to the handshake, `options` to those of the client. */
export async function listen(
  server: Address,
  namespace: string,
  who: string,
  auth: object = {},
  options: Parameters<Address["connect"]>[2] = {},
): Promise<SocketListener> {
  const socket = server.connect(namespace, who, { ...options, auth });
  const heard: Heard[] = [];
  socket.onAny((name: string, body: Json, meta?: { offset: number }) => {
    heard.push({ name, body, ...(meta === undefined ? {} : { offset: meta.offset }) });
  });
  socket.on("connect_error", (error: Error & { description?: unknown; context?: { responseText?: string } }) => {
    heard.push({ name: "refused", body: `${error} ${error.description ?? ""} ${error.context?.responseText ?? ""}` });
  });
  await eventually(() => heard.length > 0 || undefined, { what: `${who} being let in to ${namespace}` });
  const [first] = heard;
  if (first?.name !== "connected") throw new Error(`${who} heard ${first?.name} of ${namespace}: ${first?.body}`);
  return {
    heard,
    hears: hears(heard, `${who} on ${namespace}`),
    socket,
    async ask(event, payload) {
      const answer = await socket.timeout(10_000).emitWithAck(event, payload ?? {});
      if (answer.ok !== true) throw new Error(`${event}: ${JSON.stringify(answer)}`);
      return answer;
    },
    close: () => void socket.close(),
  };
}

/** A raw client that is connected. */
export interface RawListener extends Listener {
  readonly client: Client;
  send(frame: unknown): void;
}

/** Connects a raw client: `path` is the dialect's, with any query but the token. */
export async function listenRaw(server: Address, path: string, who: string): Promise<RawListener> {
  const token = who.includes(".") ? who : signToken(who);
  const query = `${path.includes("?") ? "&" : "?"}token=${token}`;
  const client = await connect(`${server.url.replace("http", "ws")}${path}${query}`);
  const heard: Heard[] = [];
  client.ws.on("message", (data) => heard.push(heardOf(JSON.parse(String(data)))));
  for (const frame of client.frames) heard.push(heardOf(frame)); // what came with the handshake
  return {
    heard,
    hears: hears(heard, `${who} on ${path}`),
    client,
    send: client.send,
    close: () => client.ws.close(),
  };
}

function heardOf(frame: Frame): Heard {
  return { name: String(frame["event"] ?? frame["type"]), body: frame };
}

function hears(heard: readonly Heard[], who: string): Listener["hears"] {
  return async (name, ...parts) => {
    const match = (one: Heard) => one.name === name && parts.every((part) => JSON.stringify(one.body).includes(part));
    const what = `${who} hearing ${name} ${parts.join(" ")}`;
    return eventually(() => heard.find(match), { what, timeoutMs: 15_000 }).catch((error: unknown) => {
      throw new Error(`${error}; heard: ${JSON.stringify(heard).slice(0, 2000)}`);
    });
  };
}
