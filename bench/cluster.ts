// What crossing from one node to another costs: latency and server CPU of two Classwire nodes beside two plain Socket.IO servers
// with the same adapter and Redis, in turns, in one run. Usage: npm run bench:cluster [-- seconds per turn, 2] [turns, 20]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { startChild } from "../test/support/child.ts";
import { next } from "../test/support/classwire.ts";
import { signToken } from "../test/support/tokens.ts";
import { quantile, startServices } from "./services.ts";

const SECONDS = Number(process.argv[2] ?? 2);
const TURNS = Number(process.argv[3] ?? 20);
const PUBLISHERS = 5;
const RECEIVERS = 20;
/** Of each publisher; a connection may send 50. */
const PER_SECOND = 40;
/** A clock tick of the kernel (`getconf CLK_TCK`), in microseconds. */
const TICK_US = 10_000;

interface Pair {
  readonly name: string;
  readonly pids: readonly number[];
  /** Clients of the first node, which speak, and of the second, which hear. */
  readonly speakers: readonly Socket[];
  readonly hearers: readonly Socket[];
}
/** What one turn of one pair came to. */
interface Figures {
  readonly deliveries: number;
  readonly p50: number;
  readonly p99: number;
  /** CPU of both servers, microseconds per delivery. */
  readonly cpu: number;
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
    const socket = connectTo(url, user);
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
async function load({ speakers, hearers, pids }: Pair, kind: "room" | "user", seconds: number): Promise<Figures> {
  const latencies: number[] = [];
  const heard = ({ content }: { content: { at: number } }) => latencies.push(performance.now() - content.at);
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
  for (const socket of hearers) socket.off("typing", heard);
  const sorted = latencies.sort((a, b) => a - b);
  return {
    deliveries: sorted.length,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    cpu: (cpu(pids) - before) / sorted.length,
  };
}

const middle = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
const round = (value: number): number => Number(value.toFixed(2));

for (const kind of ["room", "user"] as const) {
  const turns: { plain: Figures; classwire: Figures }[] = [];
  for (let turn = -1; turn < TURNS; turn++) {
    // Whoever goes first has the machine as the other one left it: they take turns in that too.
    const order = turn % 2 === 0 ? pairs : [...pairs].reverse();
    const done = new Map<Pair, Figures>();
    for (const pair of order) done.set(pair, await load(pair, kind, SECONDS));
    const [plain, classwire] = pairs.map((pair) => done.get(pair));
    if (turn >= 0 && plain !== undefined && classwire !== undefined) turns.push({ plain, classwire }); // the first warms up
  }
  const what = kind === "room" ? `to a room of ${RECEIVERS} on the other node` : "to one user on the other node";
  console.log(`\n${PUBLISHERS * PER_SECOND} messages a second ${what}, the middle one of ${TURNS} turns:`);
  console.table(
    Object.fromEntries(
      (["p50", "p99", "cpu"] as const).map((figure) => [
        figure === "cpu" ? "CPU µs per delivery, both nodes" : `${figure} ms`,
        {
          "plain Socket.IO": round(middle(turns.map(({ plain }) => plain[figure]))),
          Classwire: round(middle(turns.map(({ classwire }) => classwire[figure]))),
          "Classwire / plain": round(middle(turns.map(({ plain, classwire }) => classwire[figure] / plain[figure]))),
        },
      ]),
    ),
  );
}
for (const { speakers, hearers } of pairs) for (const socket of [...speakers, ...hearers]) socket.close();
for (const child of plain) child.kill();
await Promise.all(nodes.map((node) => node.stop()));
await services.stop();
process.exit();

/** A client that checks nothing, so that only the servers are measured. */
function connectTo(url: string, user: string): Socket {
  const auth = { token: signToken(user), user };
  return io(`${url}/channels`, { transports: ["websocket"], forceNew: true, reconnection: false, auth });
}
