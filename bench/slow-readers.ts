// What slow readers cost: 1 000 clients that never read, on the raw engine and on Socket.IO, while the server goes on sending.
// npm run bench:slow-readers [clients]; fails above 150 MB of growth, or when a client that reads misses a byte.
import { setTimeout as delay } from "node:timers/promises";
import type { Server, Socket } from "socket.io";
import { createUnsentBudget } from "../src/connection/unsent-budget.ts";
import { gateway } from "../src/raw/dialects/gateway.ts";
import { connectionOf } from "../src/realtime/engine-connection.ts";
import { textFrame } from "../src/web-socket/frame.ts";
import { startCrowd } from "./raw/crowd.ts";
import { needFiles, startMeasured } from "./raw/server.ts";

const CLIENTS = Number(process.argv[2] ?? 1000);
const READERS = 10;
const MEGABYTE = 1_048_576;
const MOST_GROWTH_MB = 150;
const MOST_ROUNDS = 50_000;

interface Kind {
  readonly path: string;
  /** Bytes of a message on the wire. */
  readonly wire: (message: object) => number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  raw: {
    path: "/ws?token=$n",
    wire: (message) => textFrame(gateway.codec.encode("system", [message], 0) ?? "").length,
  },
  "socket.io": {
    path: "/socket.io/?EIO=4&transport=websocket&n=$n",
    wire: (message) => textFrame(`42/channels,${JSON.stringify(["system", message])}`).length,
  },
};

interface Figure {
  readonly growthMB: number;
  readonly slowestRoundMs: number;
  readonly rounds: number;
  readonly stillOpen: number;
}

needFiles(CLIENTS + READERS + 100);
const figures: Record<string, Figure> = {};
for (const [name, kind] of Object.entries(KINDS)) figures[name] = await measure(kind);
console.log(JSON.stringify({ clients: CLIENTS, ...figures }, null, 2));
const isBad = Object.values(figures).some(({ growthMB, stillOpen }) => growthMB > MOST_GROWTH_MB || stillOpen > 0);
process.exit(isBad ? 1 : 0);

async function measure({ path, wire }: Kind): Promise<Figure> {
  const crowd = startCrowd();
  const { io, port } = await startMeasured(createUnsentBudget(64 * MEGABYTE));
  await crowd.open(port, `${path}&room=readers`, READERS);
  await crowd.open(port, `${path}&room=slow`, CLIENTS, true);
  const slow = await membersOf(io, "slow", CLIENTS);
  const readers = await membersOf(io, "readers", READERS);
  const begun = readers.reduce((bytes, { conn }) => bytes + connectionOf(conn).bufferedBytes, 0);
  const rss = process.memoryUsage().rss;
  let highest = rss;
  let slowest = 0;
  let rounds = 0;
  let sent = 0;
  let isFilling = true;
  const isOpen = ({ connected }: Socket) => connected;
  // First the kernel's buffers are filled; from then on everything that the slow ones do not read is the process's.
  while (slow.some(isOpen) && rounds++ < MOST_ROUNDS) {
    isFilling &&= slow.some((socket) => socket.connected && connectionOf(socket.conn).bufferedBytes === 0);
    const began = performance.now();
    if (isFilling || rounds % 2 === 0) {
      const message = { message: "b".repeat(isFilling ? 16_000 : 300), level: "info", code: 0, timestamp: 1000 };
      io.of("/channels").emit("system", message);
      sent += wire(message);
    } else {
      // One message in two is for one client alone, so that none of it is shared.
      for (const socket of slow) {
        socket.emit("system", {
          message: `${socket.id} ${rounds} `.padEnd(300, "u"),
          level: "info",
          code: 0,
          timestamp: 1000,
        });
      }
    }
    await new Promise(setImmediate);
    slowest = Math.max(slowest, performance.now() - began);
    highest = Math.max(highest, process.memoryUsage().rss);
  }
  // Socket.IO's clients have also got the packets that open the session: nobody may have got less than was sent.
  await Promise.race([crowd.received(`${path}&room=readers`, READERS * sent + begun), delay(20_000).then(fail)]);
  crowd.close();
  return {
    growthMB: Math.round((highest - rss) / MEGABYTE),
    slowestRoundMs: Math.round(slowest),
    rounds,
    stillOpen: slow.filter(isOpen).length,
  };
}

async function membersOf(io: Server, room: string, count: number): Promise<Socket[]> {
  const { adapter, sockets } = io.of("/channels");
  while (adapter.rooms.get(room)?.size !== count) await delay(20);
  return [...(adapter.rooms.get(room) ?? [])].flatMap((id) => sockets.get(id) ?? []);
}

function fail(): never {
  throw new Error("a client that reads has missed something");
}
