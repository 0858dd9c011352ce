// A process full of clients of one node that are cut off all at once and come back all at once, as those behind a router that restarts.
// Run as a child process with IPC.
import { WebSocket } from "ws";
import { signToken } from "../../test/support/tokens.ts";

/** What the clients are to do. */
export type Order =
  | { readonly do: "connect"; readonly url: string; readonly kind: "socket.io" | "raw"; readonly count: number }
  | { readonly do: "storm" }
  | { readonly do: "heard"; readonly frames: number };

/** Answers an order. */
export interface Report {
  /** Attempts that were refused or broke, and were repeated. */
  readonly failed: number;
}

/** Clients that connect at the same time before the storm. */
const AT_A_TIME = 50;
/** After how long a client whose attempt has failed tries again, in milliseconds. */
const AGAIN_MS = 1000;
let [base, kind, frames, failed] = ["", "raw", 0, 0];
let tokens: string[] = [];
let connections: WebSocket[] = [];
let heard: { frames: number; resolve: () => void } | undefined;

process.on("message", (order: Order) => {
  failed = 0;
  obey(order).then(() => process.send?.({ failed } satisfies Report));
});

async function obey(order: Order): Promise<void> {
  if (order.do === "heard") {
    await new Promise<void>((resolve) => {
      heard = { frames: order.frames, resolve };
      note();
    });
    frames = 0;
    return;
  }
  if (order.do === "connect") {
    base = order.url.replace("http", "ws");
    kind = order.kind;
    tokens = Array.from({ length: order.count }, (_, index) => signToken(`${kind}-${index}`));
    for (let at = 0; at < tokens.length; at += AT_A_TIME) {
      connections.push(...(await Promise.all(tokens.slice(at, at + AT_A_TIME).map(come))));
    }
    return;
  }
  for (const connection of connections) connection.terminate();
  connections = await Promise.all(tokens.map(come));
}

/** Connects, again and again until it is in. */
async function come(token: string): Promise<WebSocket> {
  for (;;) {
    const connection = await attempt(token);
    if (connection !== undefined) return connection;
    failed++;
    await new Promise((done) => setTimeout(done, AGAIN_MS * (0.5 + Math.random())));
  }
}

function attempt(token: string): Promise<WebSocket | undefined> {
  const path = kind === "raw" ? `/ws?token=${token}` : "/socket.io/?EIO=4&transport=websocket";
  const ws = new WebSocket(base + path, { perMessageDeflate: false });
  return new Promise((resolve) => {
    ws.once("error", () => resolve(undefined));
    ws.once("close", () => resolve(undefined));
    if (kind === "raw") ws.once("open", () => resolve(ws));
    ws.on("message", (data: Buffer) => {
      const text = data.toString("latin1");
      if (text.includes("system")) {
        frames++;
        note();
      } else if (text.startsWith("0{")) ws.send(`40/channels,${JSON.stringify({ token })}`);
      else if (text === "2") ws.send("3");
      else if (text.startsWith("40/channels")) resolve(ws);
      else if (text.startsWith("44/channels")) ws.terminate();
    });
  });
}

function note(): void {
  if (heard !== undefined && frames >= heard.frames) heard.resolve();
}
