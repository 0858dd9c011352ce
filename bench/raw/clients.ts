// A process full of plain WebSocket clients that count bytes, so that what the server's process spends is the server's alone.
import { connect, type Socket } from "node:net";

/** Asks for so many clients of a path, which read or do not; or whether a number of bytes has come to all clients of a path. */
export type Order =
  | {
      readonly do: "open";
      readonly port: number;
      readonly path: string;
      readonly clients: number;
      readonly stalled: boolean;
    }
  | { readonly do: "await"; readonly path: string; readonly bytes: number };

/** `done` answers an order. */
export interface Report {
  readonly done: string;
}

interface Group {
  readonly sockets: Socket[];
  bytes: number;
  awaited: number;
}

const groups = new Map<string, Group>();
/** Socket.IO's packet to enter the namespace, as a client's frame (masked, with a mask of zeros). */
const JOIN_PACKET = "40/channels,";
const JOIN = Buffer.concat([Buffer.from([0x81, 0x80 | JOIN_PACKET.length, 0, 0, 0, 0]), Buffer.from(JOIN_PACKET)]);
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** So many handshakes at a time. */
const AT_A_TIME = 100;

process.on("message", (order: Order) => {
  if (order.do === "open") void open(order);
  else wait(order.path, order.bytes);
});

async function open({ port, path, clients, stalled }: Order & { do: "open" }): Promise<void> {
  const group: Group = { sockets: [], bytes: 0, awaited: Number.POSITIVE_INFINITY };
  groups.set(path, group);
  for (let opened = 0; opened < clients; opened += AT_A_TIME) {
    const batch = Array.from({ length: Math.min(AT_A_TIME, clients - opened) }, (_, index) =>
      handshake(port, path.replaceAll("$n", String(opened + index)), group, path, stalled),
    );
    group.sockets.push(...(await Promise.all(batch)));
  }
  report(`open ${path}`);
}

/** A handshake by hand: 5 000 clients of a library would keep this process busy with other things than reading. */
function handshake(port: number, path: string, group: Group, name: string, stalled: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => reject(new Error(`${path}: the connection failed`)));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    socket.once("data", (answer: Buffer) => {
      if (!answer.toString("latin1").startsWith("HTTP/1.1 101")) reject(new Error(answer.toString()));
      if (path.startsWith("/socket.io/")) socket.write(JOIN);
      if (stalled) {
        socket.pause();
      } else {
        group.bytes += answer.length - (answer.indexOf("\r\n\r\n") + 4);
        socket.on("data", (data) => {
          group.bytes += data.length;
          if (group.bytes >= group.awaited) wait(name, group.awaited);
        });
      }
      resolve(socket);
    });
  });
}

function wait(path: string, bytes: number): void {
  const group = groups.get(path);
  if (group === undefined) throw new Error(`nobody has opened ${path}`);
  group.awaited = group.bytes >= bytes ? Number.POSITIVE_INFINITY : bytes;
  if (group.bytes >= bytes) report(`await ${path} ${bytes}`);
}

function report(done: string): void {
  process.send?.({ done } satisfies Report);
}
