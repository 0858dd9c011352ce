// Clients that are cut again and again, and the titles that they have handled: one Socket.IO client, one raw client.
import { io } from "socket.io-client";
import WebSocket from "ws";
import { EVERYONE } from "../../../src/contract/channel-names.ts";
import { checkEvents } from "../../support/check-events.ts";
import { type Cuttable, startCuttable } from "../../support/cuttable.ts";
import { signToken } from "../../support/tokens.ts";

/** A client behind a line of its own. */
export interface CutClient {
  readonly line: Cuttable;
  /** The titles of all notifications as they came. */
  readonly titles: string[];
  /** Resolves when the client has its first subscription. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Comes back by itself, asks for everything after the last offset it has seen. */
export async function socketIoClient(port: number, user: string): Promise<CutClient> {
  const line = await startCuttable(() => port);
  const titles: string[] = [];
  let since: number | undefined;
  const socket = io(`${line.url}/channels`, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
    auth: { token: signToken(user) },
  });
  checkEvents(socket, "/channels");
  const ready = new Promise<void>((resolve) => {
    socket.on("connected", () => {
      socket.emit("subscribe", { channel: EVERYONE, since: since ?? 0 }, (answer: { ok: boolean }) => {
        if (answer.ok) resolve();
      });
    });
  });
  socket.on("notifications", ({ data }: { data: { title: string } }, meta: { offset: number }) => {
    since = meta.offset;
    titles.push(data.title);
  });
  return {
    line,
    titles,
    ready,
    async close() {
      socket.close();
      await line.close();
    },
  };
}

/** A documented gateway client: it reconnects and asks for nothing. Its frames carry no offset. */
export async function rawClient(port: number, user: string): Promise<CutClient> {
  const line = await startCuttable(() => port);
  const titles: string[] = [];
  let closed = false;
  let socket: WebSocket;
  let resolveReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    resolveReady = resolve;
  });
  function open(): void {
    socket = new WebSocket(`${line.url.replace("http", "ws")}/ws?token=${signToken(user)}`);
    // The pong comes only after everything that the connection begins with is set up.
    socket.on("open", () => socket.send(JSON.stringify({ type: "ping", content: null, timestamp: 0 })));
    socket.on("error", () => undefined); // a cut; `close` follows
    socket.on("close", () => {
      if (!closed) setTimeout(open, 100);
    });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as { type: string; content: { title: string } };
      if (frame.type === "pong") resolveReady();
      if (frame.type === "notification") titles.push(frame.content.title);
    });
  }
  open();
  return {
    line,
    titles,
    ready,
    async close() {
      closed = true;
      socket.close();
      await line.close();
    },
  };
}
