// What crossing from one node to another costs: latency and server CPU of two Classwire nodes beside two plain Socket.IO servers
// with the same adapter and Redis, in turns, in one run. Usage: npm run bench:cluster [-- seconds per turn, 5] [turns, 4]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Socket } from "socket.io-client";
import { startChild } from "../test/support/child.ts";
import { connectTo, next } from "../test/support/classwire.ts";
import { quantile, startServices } from "./services.ts";

const SECONDS = Number(process.argv[2] ?? 5);
const TURNS = Number(process.argv[3] ?? 4);
const PUBLISHERS = 20;
const RECEIVERS = 20;
/** Of each publisher; a connection may send 50. */
const PER_SECOND = 10;
/** A clock tick of the kernel (`getconf CLK_TCK`), in microseconds. */
const TICK_US = 10_000;

interface Pair {
  readonly name: string;
  readonly pids: readonly number[];
  /** Clients of the first node, which speak, and of the second, which hear. */
  readonly speakers: readonly Socket[];
  readonly hearers: readonly Socket[];
}
interface Figures {
  readonly latencies: number[];
  cpuUs: number;
  deliveries: number;
}

const services = await startServices();
const nodes = await Promise.all([
  services.spawn({ TRANSPORTS: "websocket" }),
  services.spawn({ TRANSPORTS: "websocket" }),
]);
const plainPath = fileURLToPath(new URL("./cluster/plain.ts", import.meta.url));
const plain = await Promise.all(
  [0, 1].map(async () => {
    const child = startChild(process.execPath, ["--import", "tsx", plainPath, services.redis.url]);
    return { ...child, url: await child.line(/^http/, 30_000) };
  }),
);
const pairs = [await clientsOf("plain Socket.IO", plain), await clientsOf("Classwire", nodes)];

/** Speakers on the first server, hearers on the second, all of them in one room. */
async function clientsOf(name: string, servers: readonly { url: string; pid: number }[]): Promise<Pair> {
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("a pair is two servers");
  const open = async (url: string, user: string, room: string) => {
    const socket = connectTo(url, "/channels", user, { auth: { user } });
    await next(socket, "connected");
    await socket.emitWithAck("join_room", { room });
    return socket;
  };
  const count = (length: number) => Array.from({ length }, (_, index) => index);
  return {
    name,
    pids: servers.map(({ pid }) => pid),
    speakers: await Promise.all(count(PUBLISHERS).map((index) => open(first.url, `s${index}`, "hall"))),
    hearers: await Promise.all(count(RECEIVERS).map((index) => open(second.url, `h${index}`, "hall"))),
  };
}

/** Microseconds of CPU that processes have used so far (proc(5): utime and stime). */
function cpu(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * TICK_US;
}

/** Lets every speaker say something at its rate, for a while; where to depends on the kind of load. */
async function load({ speakers, hearers, pids }: Pair, kind: "room" | "user", seconds: number, into?: Figures) {
  let deliveries = 0;
  const heard = ({ content }: { content: { at: number } }) => {
    deliveries++;
    into?.latencies.push(performance.now() - content.at);
  };
  for (const socket of hearers) socket.on("typing", heard);
  const before = cpu(pids);
  const began = performance.now();
  const step = 1000 / (PUBLISHERS * PER_SECOND);
  for (let said = 0; performance.now() - began < seconds * 1000; said++) {
    const wait = began + said * step - performance.now();
    if (wait > 1) await new Promise((done) => setTimeout(done, wait));
    const target = kind === "room" ? { room: "hall" } : { to: `h${said % RECEIVERS}` };
    speakers[said % PUBLISHERS]?.emit("typing", { ...target, content: { at: performance.now() } });
  }
  await new Promise((done) => setTimeout(done, 300));
  if (into !== undefined) {
    into.cpuUs += cpu(pids) - before;
    into.deliveries += deliveries;
  }
  for (const socket of hearers) socket.off("typing", heard);
}

const round = (value: number, digits = 2) => Number(value.toFixed(digits));
for (const kind of ["room", "user"] as const) {
  const figures = new Map(pairs.map(({ name }) => [name, { latencies: [], cpuUs: 0, deliveries: 0 } as Figures]));
  for (const pair of pairs) await load(pair, kind, 2); // warm
  for (let turn = 0; turn < TURNS; turn++) {
    // Whoever goes first has the machine as the other one left it: they take turns in that too.
    for (const pair of turn % 2 === 0 ? pairs : [...pairs].reverse())
      await load(pair, kind, SECONDS, figures.get(pair.name));
  }
  const what = kind === "room" ? `to a room of ${RECEIVERS} on the other node` : "to one user on the other node";
  console.log(`\n${PUBLISHERS * PER_SECOND} messages a second ${what}:`);
  console.table(
    [...figures].map(([server, { latencies, cpuUs, deliveries }]) => {
      const sorted = latencies.sort((a, b) => a - b);
      return {
        server,
        deliveries,
        "p50 ms": round(quantile(sorted, 0.5)),
        "p99 ms": round(quantile(sorted, 0.99)),
        "CPU µs per delivery, both nodes": round(cpuUs / deliveries, 1),
      };
    }),
  );
}
for (const { speakers, hearers } of pairs) for (const socket of [...speakers, ...hearers]) socket.close();
for (const child of plain) child.kill();
await Promise.all(nodes.map((node) => node.stop()));
await services.stop();
process.exit();
