// Clients that send without end, and read: as fast as the server takes it.
import { connect, type Socket } from "node:net";

/** A connection that floods. */
export interface FloodingClient {
  readonly socket: Socket;
  /** Its port, also once it is gone. */
  port(): number | undefined;
  /** Everything that the server has said, in latin1. */
  heard(): string;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
}

/** A masked frame with the key 0. */
function frame(opcode: number, text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < 126) {
    return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
  }
  const length = Buffer.from([payload.length >> 8, payload.length & 255]);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | 126]), length, Buffer.alloc(4), payload]);
}

/**
 * Connects to a path, sends the frames `before`, and once `ready` was heard sends a frame over and over, whenever the system takes
 * more.
 */
export function startFlood(
  serverPort: number,
  path: string,
  flood: { before?: readonly string[]; ready: string; opcode?: number; text: string },
): FloodingClient {
  const { before = [], ready, opcode = 1, text } = flood;
  const one = frame(opcode, text);
  const block = Buffer.concat(Array.from({ length: Math.ceil(65_536 / one.length) }, () => one));
  const socket = connect(serverPort, "127.0.0.1");
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let heard = "";
  let isOpen = false;
  let port: number | undefined;
  socket.on("connect", () => {
    port = socket.localPort;
  });
  let isFlooding = false;
  const send = () => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on("error", () => undefined);
  socket.on("data", (data: Buffer) => {
    heard += data.toString("latin1");
    if (!isOpen && heard.includes("\r\n\r\n")) {
      isOpen = true;
      for (const packet of before) socket.write(frame(1, packet));
    }
    if (isFlooding || !heard.includes(ready)) return;
    isFlooding = true;
    socket.on("drain", send);
    send();
  });
  const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
  );
  return { socket, port: () => port, heard: () => heard, ended };
}
