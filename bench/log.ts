// Figures of the log: durable appends and heartbeats per second, in groups and with one Prisma call each, in one run.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventLog } from "../src/event-log/event-log.ts";
import { createStudyTime } from "../src/services/study-time.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres } from "../test/support/postgres.ts";

/** Callers that each wait for their ack before they go on. */
const CALLERS = 200;
/** Channels, and pairs of user and course. */
const ROWS = 2_000;
const SECONDS = Number(process.argv[2] ?? 5);
/** What must hold on PostgreSQL. */
const TARGETS = { heartbeats: 10, appends: 5, p99Ms: 50 };

type Operation = (row: number) => Promise<unknown>;

interface Figures {
  database: string;
  what: "appends" | "heartbeats";
  grouped: number;
  single: number;
  /** Single calls that the pool gave up while {@link CALLERS} callers fought for its connections. */
  refused: number;
  p50Ms: number;
  p99Ms: number;
}

/** Operations per second when {@link CALLERS} callers each start the next one as soon as the last is committed. */
async function throughput(operation: Operation, seconds: number): Promise<{ perSecond: number; refused: number }> {
  let done = 0;
  let refused = 0;
  let next = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      next += 1;
      await operation(next % ROWS).then(
        () => {
          done += 1;
        },
        () => {
          refused += 1;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { perSecond: done / ((performance.now() - start) / 1000), refused };
}

/** Times from the call to the ack, in milliseconds, sorted, of operations that come at a steady rate whatever the answers. */
async function latencies(operation: Operation, perSecond: number, seconds: number): Promise<number[]> {
  const taken: number[] = [];
  const calls: Promise<void>[] = [];
  const start = performance.now();
  for (let sent = 0; sent < perSecond * seconds; ) {
    const due = ((performance.now() - start) / 1000) * perSecond;
    for (; sent < due; sent += 1) {
      // Counted from when it was due, so that a late sender does not hide a slow answer.
      const at = start + (sent / perSecond) * 1000;
      calls.push(operation(sent % ROWS).then(() => void taken.push(performance.now() - at)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);
  return taken.sort((a, b) => a - b);
}

const quantile = (sorted: number[], q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? 0;

/** An append as one would write it with Prisma: take the offset, insert the event, in one transaction. */
function appendAlone({ prisma }: Store): Operation {
  let id = 0;
  return (row) =>
    prisma.$transaction(
      async (transaction) => {
        const name = `single/${row}`;
        const head = { increment: 1 };
        const channel = await transaction.channel.upsert({
          where: { name },
          create: { name, head: 1 },
          update: { head },
        });
        id += 1;
        const data = { title: "Build", message: `Run ${id} has finished` };
        await transaction.channelEvent.create({
          data: { channel: name, offset: channel.head, id: `single-${id}`, event: "notifications", data },
        });
      },
      { maxWait: 60_000, timeout: 60_000 },
    );
}

function heartbeatAlone({ prisma }: Store): Operation {
  return (row) => {
    const key = { userId: `single-${row}`, courseId: "course" };
    const coveredUntil = new Date();
    return prisma.studyTime.upsert({
      where: { userId_courseId: key },
      create: { ...key, coveredUntil },
      update: { millis: { increment: 1 }, coveredUntil },
    });
  };
}

async function measure(database: string, store: Store): Promise<Figures[]> {
  const log = createEventLog({ store, retention: { days: 7, count: 1000 }, cleanEveryMs: 0 });
  const studyTime = createStudyTime(store);
  const connectedAt = Date.now();
  const data = { title: "Build", message: "Run 12345 has finished" };
  const append: Operation = (row) => log.append({ channel: `notifications/${row}`, event: "notifications", data });
  const heartbeat: Operation = (row) => studyTime.credit(`user-${row}`, "course", connectedAt);
  const rows: Figures[] = [];
  for (const [what, grouped, single] of [
    ["appends", append, appendAlone(store)],
    ["heartbeats", heartbeat, heartbeatAlone(store)],
  ] as const) {
    await throughput(grouped, 1);
    await throughput(single, 1);
    const alone = await throughput(single, SECONDS);
    const peak = await throughput(grouped, SECONDS);
    if (peak.refused > 0) throw new Error(`${peak.refused} ${what} in groups were refused`);
    const taken = await latencies(grouped, peak.perSecond / 2, SECONDS);
    rows.push({
      database,
      what,
      grouped: peak.perSecond,
      single: alone.perSecond,
      refused: alone.refused,
      p50Ms: quantile(taken, 0.5),
      p99Ms: quantile(taken, 0.99),
    });
  }
  await Promise.all([log.close(), studyTime.close()]);
  return rows;
}

function print(rows: Figures[]): void {
  const table = rows.map(({ database, what, grouped, single, refused, p50Ms, p99Ms }) => ({
    database,
    what,
    "one call each /s": Math.round(single),
    "of them refused": refused,
    "in groups /s": Math.round(grouped),
    times: Number((grouped / single).toFixed(1)),
    "p50 ms at half": Number(p50Ms.toFixed(1)),
    "p99 ms at half": Number(p99Ms.toFixed(1)),
  }));
  console.log(`${CALLERS} callers, ${ROWS} rows, ${SECONDS} s each, Node ${process.version}`);
  console.table(table);
}

const directory = await mkdtemp(join(tmpdir(), "classwire-bench-"));
const postgres = await startPostgres();
try {
  const rows: Figures[] = [];
  const server = await openStore({ kind: "postgres", url: await postgres.createDatabase() });
  rows.push(...(await measure("PostgreSQL", server)));
  await server.close();
  const embedded = await openStore({ kind: "embedded", dir: directory });
  rows.push(...(await measure("PGlite, directory", embedded)));
  await embedded.close();
  print(rows);
  const missed = rows.filter(
    ({ database, what, grouped, single, p99Ms }) =>
      database === "PostgreSQL" && (grouped / single < TARGETS[what] || p99Ms > TARGETS.p99Ms),
  );
  if (missed.length > 0) {
    console.log(
      `below target on PostgreSQL (${JSON.stringify(TARGETS)}): ${missed.map(({ what }) => what).join(", ")}`,
    );
    process.exitCode = 1;
  }
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
