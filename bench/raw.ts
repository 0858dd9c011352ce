// Figures of raw fan-out: server CPU per delivery to 5 000 clients, beside a bare ws server doing ws.send, in one run.
// npm run bench:raw [clients] [rounds]; fails when the raw engine costs more than ws.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { createUnsentBudget } from "../src/connection/unsent-budget.ts";
import { textFrame } from "../src/web-socket/frame.ts";
import { startCrowd } from "./raw/crowd.ts";
import { needFiles, startMeasured } from "./raw/server.ts";

const CLIENTS = Number(process.argv[2] ?? 5000);
const ROUNDS = Number(process.argv[3] ?? 300);
/** Rounds before the first that counts, in which the code gets warm. */
const WARM_UP = 10;
/** Nine tenths of both figures are the kernel's send(), which varies by this much from run to run. */
const MEASURING_ERROR = 1.02;
const RAW = "/ws?token=$n&room=crowd";
const BARE = "/bare?$n";
/** What a broadcast says, and its frame as the gateway dialect prints it. */
const SYSTEM = { message: "a lesson has begun: 词法元素", level: "info", code: 0, timestamp: 1_766_729_130_000 };
const TEXT = JSON.stringify({
  type: "system",
  content: { message: SYSTEM.message, level: SYSTEM.level, code: SYSTEM.code },
  timestamp: 1_766_729_130,
});

needFiles(2 * CLIENTS + 100);
const crowd = startCrowd();
const { io, port } = await startMeasured(createUnsentBudget(64 * 1_048_576));
const bare = await startBare();
await crowd.open(port, RAW, CLIENTS);
await crowd.open(bare.port, BARE, CLIENTS);

const perRound = CLIENTS * textFrame(TEXT).length;
const buffer = Buffer.from(TEXT);
const modes = {
  raw: { path: RAW, broadcast: () => void io.of("/channels").to("crowd").emit("system", SYSTEM) },
  ws: {
    path: BARE,
    broadcast() {
      for (const ws of bare.sockets) ws.send(buffer, { binary: false });
    },
  },
};
const spent: Record<keyof typeof modes, number[]> = { raw: [], ws: [] };
const took: Record<keyof typeof modes, number[]> = { raw: [], ws: [] };
for (let round = 1; round <= ROUNDS + WARM_UP; round++) {
  for (const name of round % 2 === 0 ? (["raw", "ws"] as const) : (["ws", "raw"] as const)) {
    const { path, broadcast } = modes[name];
    const all = crowd.received(path, round * perRound);
    const began = performance.now();
    const before = process.cpuUsage();
    broadcast();
    await all; // it is handed to the kernel in slices
    const { user, system } = process.cpuUsage(before);
    if (round <= WARM_UP) continue;
    spent[name].push((user + system) / CLIENTS);
    took[name].push(performance.now() - began);
  }
}
crowd.close();

const figures = {
  clients: CLIENTS,
  rounds: ROUNDS,
  microsecondsPerDelivery: { raw: median(spent.raw), ws: median(spent.ws) },
  // Of the two within a round: what else the machine does changes from one second to the next, and for both alike.
  rawToWs: median(spent.raw.map((raw, round) => raw / (spent.ws[round] ?? raw))),
  millisecondsToTheLast: { raw: median(took.raw), ws: median(took.ws) },
};
console.log(JSON.stringify(figures, null, 2));
const isTooMuch = figures.rawToWs > MEASURING_ERROR;
if (isTooMuch) console.error(`a delivery by the raw engine costs ${figures.rawToWs} times one by bare ws`);
process.exit(isTooMuch ? 1 : 0);

async function startBare(): Promise<{ port: number; sockets: Set<WebSocket> }> {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
  return { port: (http.address() as AddressInfo).port, sockets: server.clients };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(2));
}
