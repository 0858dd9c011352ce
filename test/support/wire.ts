// Engine.IO by hand, over a plain WebSocket: for what no well-behaved client sends.
import { once } from "node:events";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { eventually } from "./eventually.ts";

/** A connection below Socket.IO. Packets are text as on the wire (https://socket.io/docs/v4/engine-io-protocol). */
export interface Wire {
  readonly ws: WebSocket;
  /** Every packet that came, without pings. */
  readonly packets: readonly string[];
  /** Resolves when it is closed, with the code. */
  readonly closed: Promise<number>;
  /** Sends a packet of Socket.IO. */
  send(packet: string): void;
  /** Sends packets of Socket.IO in one segment: the server reads them all before it does anything else. */
  sendAtOnce(packets: readonly string[]): void;
  /** Connects to a namespace and waits until it is in. */
  join(namespace: string, auth: object): Promise<void>;
  /** The first packet, come already or still to come, that matches. */
  packet(pattern: RegExp): Promise<string>;
}

/** Opens one. @throws when the server refuses the upgrade: `Unexpected server response: <status>` */
export async function openWire(
  url: string,
  options: { headers?: Record<string, string>; query?: string; answersPings?: boolean } = {},
): Promise<Wire> {
  const { headers = {}, query = "", answersPings = true } = options;
  const target = `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket${query}`;
  const ws = new WebSocket(target, { headers });
  const packets: string[] = [];
  const closed = new Promise<number>((resolve) => ws.once("close", resolve));
  ws.on("message", (data) => {
    const text = data.toString();
    if (text !== "2") packets.push(text);
    else if (answersPings) ws.send("3");
  });
  await once(ws, "open");
  const packet = (pattern: RegExp): Promise<string> =>
    eventually(() => packets.find((text) => pattern.test(text)), { what: `a packet like ${pattern}` });
  return {
    ws,
    packets,
    closed,
    send: (text) => ws.send(`4${text}`),
    sendAtOnce(texts) {
      const tcp = (ws as unknown as { _socket: Socket })._socket;
      tcp.cork();
      for (const text of texts) ws.send(`4${text}`);
      tcp.uncork();
    },
    async join(namespace, auth) {
      ws.send(`40${namespace},${JSON.stringify(auth)}`);
      await packet(new RegExp(`^40${namespace},`));
    },
    packet,
  };
}
