// A plain WebSocket client that keeps what it hears, as the documented clients do.
import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import { eventually } from "./eventually.ts";

/** A frame as the server sent it. */
export type Frame = Record<string, unknown>;

/** An open connection. */
export interface Client {
  readonly ws: WebSocket;
  readonly frames: Frame[];
  /** The close code and reason, once it is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  send(frame: unknown): void;
  /** The next frame that has not been asked for yet. */
  next(): Promise<Frame>;
}

/** Connects; rejects when the upgrade is refused. */
export async function connect(url: string, options: ClientOptions = {}): Promise<Client> {
  const ws = new WebSocket(url, options);
  const frames: Frame[] = [];
  let read = 0;
  ws.on("message", (data) => frames.push(JSON.parse(String(data)) as Frame));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  ws.on("error", () => undefined);
  await once(ws, "open");
  return {
    ws,
    frames,
    closed,
    send: (frame) => ws.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    next: () => eventually(() => frames[read] && frames[read++], { what: "another frame" }),
  };
}

/** Tries to connect where that must fail; the HTTP answer. */
export function refusedUpgrade(url: string, options: ClientOptions = {}): Promise<HttpRefusal> {
  const ws = new WebSocket(url, options);
  return new Promise((resolve, reject) => {
    ws.on("open", () => reject(new Error("the upgrade was accepted")));
    ws.on("error", reject);
    ws.on("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
  });
}

/** An HTTP answer instead of an upgrade. */
export interface HttpRefusal {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}
