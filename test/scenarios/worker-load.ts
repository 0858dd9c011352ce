// Requests of every kind, again and again, each with a watch on it: whether it is answered, its connection ends, or neither.
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Socket } from "socket.io-client";
import { connectTo } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";

/** How much load. */
export interface LoadSize {
  /** Socket.IO clients, each of which asks and waits for the answer, all the time. */
  readonly clients: number;
  readonly transports: readonly ("polling" | "websocket")[];
  /** Callers of the HTTP API, over keep-alive; every second one sends bodies of many chunks. */
  readonly callers: number;
  /** Callers that begin a polling session each time. */
  readonly beginners: number;
}

/** What became of the requests. */
export interface LoadReport {
  readonly answered: number;
  /** Whose connection ended before the answer. */
  readonly ended: number;
  /** Answered otherwise than they should be, by status; without those that a node that ends refuses, with 503. */
  readonly wrong: readonly string[];
  readonly refused: number;
  /** Neither answered nor ended for `PATIENCE_MS`. */
  readonly unanswered: readonly string[];
  /** The longest that one took to be answered or ended, in milliseconds. */
  readonly slowestMs: number;
  readonly slowest: string;
}

/** Load on a server. */
export interface WorkerLoad {
  /** What became of the requests since the last report. */
  report(): LoadReport;
  /** Ends it when every request has been answered, has ended, or was given up. */
  stop(): Promise<void>;
}

/** A request that is neither answered nor ended is given up after this time, in milliseconds. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 100;
const NOTIFICATION = JSON.stringify({ userId: "nobody", title: "load", message: "." });

/** Puts load on a server. Resolves when all clients are connected. */
export async function startLoad(url: string, size: LoadSize): Promise<WorkerLoad> {
  const tally = new Tally();
  let running = true;
  const again = async (work: () => Promise<void>): Promise<void> => {
    for (; running; await sleep(PAUSE_MS * (0.5 + Math.random()))) await work();
  };
  const agent = new Agent({ keepAlive: true });
  const sockets = Array.from({ length: size.clients }, (_, index) => {
    const transport = size.transports[index % size.transports.length] ?? "websocket";
    return connectTo(url, "/channels", `load-${index}`, {
      transports: [transport],
      reconnection: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
    });
  });
  await eventually(() => sockets.every(({ connected }) => connected), { timeoutMs: 120_000, what: "all being in" });
  for (const socket of sockets)
    socket.io.on("reconnect_error", (error) => {
      if (error.message === "timeout") tally.unanswered.push("a connection attempt of Socket.IO");
    });
  const loops = [
    ...sockets.map((socket) => again(() => ask(socket, tally))),
    ...range(size.callers).map((index) => again(() => post(url, agent, index % 2 === 1, tally))),
    ...range(size.beginners).map(() => again(() => begin(url, agent, tally))),
  ];
  return {
    report: () => tally.report(),
    async stop() {
      running = false;
      await Promise.all(loops);
      for (const socket of sockets) socket.close();
      agent.destroy();
    },
  };
}

/** A heartbeat; where the client is not connected there is nothing to ask. */
async function ask(socket: Socket, tally: Tally): Promise<void> {
  if (!socket.connected) return;
  const transport = socket.io.engine.transport.name;
  await tally.watch(`a heartbeat over ${transport}`, async (signal) => {
    const gone = new Promise<"ended">((resolve) => socket.once("disconnect", () => resolve("ended")));
    const answer = socket.emitWithAck("heartbeat", {}).then(
      () => 200,
      () => "ended" as const,
    );
    return Promise.race([gone, answer, aborted(signal)]);
  });
}

async function post(url: string, agent: Agent, isBig: boolean, tally: Tally): Promise<void> {
  const token = signToken({ sub: "1", role: "service" });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = isBig ? NOTIFICATION.padEnd(100_000) : NOTIFICATION;
  const what = `a POST of ${body.length} bytes`;
  await tally.watch(what, (signal) => call(`${url}/api/v1/notifications`, { agent, headers, signal }, body), 201);
}

/** Begins a polling session and joins a namespace; the next request of the session has to find its worker. */
async function begin(url: string, agent: Agent, tally: Tally): Promise<void> {
  const engine = `${url}/socket.io/?EIO=4&transport=polling`;
  let session = "";
  const first = await tally.watch("a handshake", (signal) =>
    call(engine, { agent, signal }, undefined, (text) => {
      session = /"sid":"([^"]+)"/.exec(text)?.[1] ?? "";
    }),
  );
  if (first !== 200) return;
  const connect = `40/channels,${JSON.stringify({ token: signToken("beginner") })}`;
  await tally.watch(
    "the second request of a session",
    async (signal) => {
      const status = await call(`${engine}&sid=${session}`, { agent, signal }, connect);
      return status === 400 ? "ended" : status; // "Session ID unknown": its worker has died in between
    },
    200,
  );
}

/** How it is sent: `agent: false` on a connection of its own. */
export interface CallOptions {
  readonly agent: Agent | false;
  readonly signal?: AbortSignal;
  readonly headers?: Record<string, string>;
}

/** One request, as POST where there is a body, which is sent in two pieces. Resolves with its status. */
export function call(
  url: string,
  options: CallOptions,
  body?: string,
  onText?: (text: string) => void,
): Promise<number | "ended"> {
  return new Promise((resolve) => {
    const headers = { ...options.headers, ...(body === undefined ? {} : { "content-length": body.length }) };
    const outgoing = request(url, { ...options, headers, method: body === undefined ? "GET" : "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("close", () => {
        onText?.(text);
        resolve(response.complete ? (response.statusCode ?? 0) : "ended");
      });
    });
    outgoing.on("error", () => resolve("ended"));
    if (body === undefined) return void outgoing.end();
    const half = Math.floor(body.length / 2);
    outgoing.write(body.slice(0, half), () => outgoing.end(body.slice(half)));
  });
}

class Tally {
  #answered = 0;
  #ended = 0;
  #refused = 0;
  #slowestMs = 0;
  #slowest = "";
  #wrong: string[] = [];
  unanswered: string[] = [];

  async watch(
    what: string,
    work: (signal: AbortSignal) => Promise<number | "ended">,
    expected = 200,
  ): Promise<number | "ended"> {
    const began = performance.now();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
    const outcome = await work(patience.signal);
    clearTimeout(timer);
    const tookMs = performance.now() - began;
    if (tookMs > this.#slowestMs) [this.#slowestMs, this.#slowest] = [tookMs, `${what} (${outcome})`];
    if (patience.signal.aborted) this.unanswered.push(what);
    else if (outcome === "ended") this.#ended++;
    else if (outcome === expected) this.#answered++;
    else if (outcome === 503) this.#refused++;
    else this.#wrong.push(`${what}: ${outcome}`);
    return outcome;
  }

  report(): LoadReport {
    const report = {
      answered: this.#answered,
      ended: this.#ended,
      refused: this.#refused,
      wrong: this.#wrong,
      unanswered: this.unanswered,
      slowestMs: Math.round(this.#slowestMs),
      slowest: this.#slowest,
    };
    [this.#answered, this.#ended, this.#refused, this.#slowestMs] = [0, 0, 0, 0];
    [this.#wrong, this.unanswered] = [[], []];
    return report;
  }
}

function aborted(signal: AbortSignal): Promise<"ended"> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("ended"), { once: true }));
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
