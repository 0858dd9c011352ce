// The clients of a soak, in a process of their own: they come at a steady rate, stay, and are cut off and come back at the same rate.
// Forked with a CrowdOptions as JSON; is told "end", with how much every channel has, and answers when its history is written.
import { setTimeout as sleep } from "node:timers/promises";
import { connectRaw, connectSocket, type RecordingClient } from "../../test/history/clients.ts";
import { createRecorder } from "../../test/history/files.ts";
import { eventually } from "../../test/support/eventually.ts";
import { seeded } from "../../test/support/random.ts";
import { userNames } from "./users.ts";

/** What the process is given. */
export interface CrowdOptions {
  /** Where its history is written. */
  readonly path: string;
  /** The nodes, taken in turns. */
  readonly urls: readonly string[];
  /** Lines to the nodes that faults befall, taken by one in fifty clients. */
  readonly badUrls: readonly string[];
  /** Users, one client each: of five, three are Socket.IO, one is raw on the channels dialect, one on the gateway dialect. */
  readonly clients: number;
  readonly connectsPerSecond: number;
  readonly seed: number;
}

/** What it says, every second and at the end. */
export interface CrowdReport {
  readonly connected: number;
  /** Connections that were cut off on purpose. */
  readonly cut: number;
  readonly received: number;
  /** Set in the end: clients that did not get everything in time. */
  readonly incomplete?: readonly string[];
  readonly ended?: true;
}

/** The order to end: by channel, what was acknowledged and the highest offset. Clients of `unsettled` users need not have it. */
export interface CrowdEnd {
  readonly channels: Readonly<Record<string, { count: number; head: number }>>;
  readonly unsettled: readonly string[];
  readonly patienceMs: number;
}

const {
  path,
  urls,
  badUrls,
  clients: size,
  connectsPerSecond,
  seed,
} = JSON.parse(process.argv[2] ?? "{}") as CrowdOptions;
const users = userNames(size);
const random = seeded(seed);
const recorder = createRecorder(path);
const clients: RecordingClient[] = [];
let [cut, running] = [0, true];

const say = (more: Partial<CrowdReport> = {}): void => {
  const connected = clients.filter((client) => client.isConnected()).length;
  const received = clients.reduce((sum, client) => sum + client.received, 0);
  process.send?.({ connected, cut, received, ...more } satisfies CrowdReport);
};

async function come(): Promise<void> {
  const began = performance.now();
  for (const [index, user] of users.entries()) {
    if (!running) return;
    await sleep(Math.max(0, began + (index * 1000) / connectsPerSecond - performance.now()));
    const bad = index % 50 === 49 ? badUrls[index % badUrls.length] : undefined;
    const url = bad ?? urls[index % urls.length] ?? "";
    const options = { url, user, recorder };
    const kind = index % 5;
    if (kind < 3) clients.push(connectSocket({ ...options, name: `socket ${user}` }));
    else clients.push(connectRaw({ ...options, name: `raw ${user}`, dialect: kind }));
  }
}

async function goAndComeBack(): Promise<void> {
  while (running) {
    await sleep(1000 / connectsPerSecond);
    random.pick(clients).cut();
    cut++;
  }
}

async function end({ channels, unsettled, patienceMs }: CrowdEnd): Promise<void> {
  running = false;
  const judged = clients.filter(({ user }) => !unsettled.includes(user));
  const isComplete = (client: RecordingClient): boolean => {
    const { count = 0, head = 0 } = channels[client.channel] ?? {};
    return client.position >= (client.promised === "once" ? head : count);
  };
  await eventually(() => judged.every(isComplete), { timeoutMs: patienceMs, everyMs: 200 }).catch(() => undefined);
  const incomplete = judged.filter((client) => !isComplete(client)).map(({ name }) => name);
  for (const { name, channel } of judged) recorder.note({ kind: "settled", client: name, channel });
  for (const client of clients) client.close();
  await sleep(1000); // what is on its way, and the closing handshakes
  recorder.close();
  clearInterval(reporting);
  say({ ended: true, incomplete: incomplete.slice(0, 20) });
}

process.on("message", (order: CrowdEnd) => void end(order).then(() => setTimeout(() => process.exit(), 200)));
process.on("disconnect", () => process.exit(1));
const reporting = setInterval(say, 1000);
void come().then(goAndComeBack);
