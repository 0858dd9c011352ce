// Workers killed, replaced and shut down under load, with polling and without: no request is left without an answer or an end.
// Usage: npm run soak -- workers [--rounds 50 kills] [--clients 200]; fails when a request has neither within LIMIT_MS (1000).
import { type LoadReport, startLoad } from "../test/scenarios/worker-load.ts";
import { eventually } from "../test/support/eventually.ts";
import { descendants } from "../test/support/processes.ts";
import type { SpawnedServer } from "../test/support/spawn-server.ts";
import { startServices } from "./services.ts";
import { soakOptions } from "./soak/options.ts";

const { rounds: KILLS, clients: CLIENTS } = soakOptions({ rounds: 50, clients: 200 });
/** A server is started anew after so many: a worker that crashes again soon is replaced after ever longer pauses. */
const KILLS_PER_SERVER = 10;
/** Nobody may wait longer for an answer or the end of the connection, in milliseconds. */
const LIMIT_MS = Number(process.env["LIMIT_MS"] ?? 1000);
const WORKERS = 3;

const services = await startServices();
let failed = false;
for (const transports of ["websocket,polling", "websocket"]) {
  console.log(`TRANSPORTS=${transports}, ${WORKERS} workers, ${CLIENTS} clients`);
  for (let done = 0; done < KILLS; done += KILLS_PER_SERVER)
    await round(transports, Math.min(KILLS_PER_SERVER, KILLS - done));
}
await services.stop();
process.exit(failed ? 1 : 0);

async function round(transports: string, kills: number): Promise<void> {
  const server = await services.spawn({
    WORKERS: String(WORKERS),
    TRANSPORTS: transports,
    LOG_LEVEL: "info",
    DRAIN_DELAY_SECONDS: "1",
    CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
    CHANNELS_CONNECTIONS_PER_USER: "10000",
  });
  await eventually(() => serving(server) === WORKERS, { timeoutMs: 60_000, what: "all workers serving" });
  const polls = transports.includes("polling");
  const load = await startLoad(server.url, {
    clients: CLIENTS,
    transports: polls ? ["polling", "websocket"] : ["websocket"],
    callers: 20,
    beginners: polls ? 10 : 0,
  });
  const calm = async () => new Promise((resolve) => setTimeout(resolve, 1000));
  await calm();
  tell("nothing", load.report(), false);
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    for (let index = 0; index < (signal === "SIGKILL" ? kills : 2); index++) {
      const before = serving(server);
      const workers = descendants(server.pid);
      process.kill(workers[index % workers.length] ?? 0, signal);
      await eventually(() => serving(server) > before, { timeoutMs: 90_000, what: "a replacement" });
      await calm();
      tell(`${signal} of one`, load.report());
    }
  }
  server.kill("SIGTERM");
  const { code, signal } = await server.exited;
  await load.stop();
  tell(`SIGTERM of the primary: ended with ${signal ?? code}`, load.report());
  failed ||= code !== 0;
  await server.stop();
}

/** How many workers have begun to serve since its start. */
function serving(server: SpawnedServer): number {
  return server.lines.filter((line) => line.includes("a worker serves")).length;
}

function tell(what: string, report: LoadReport, counts = true): void {
  const { answered, ended, refused, wrong, unanswered, slowestMs, slowest } = report;
  const bad = unanswered.length > 0 || wrong.length > 0 || slowestMs > LIMIT_MS;
  if (counts) failed ||= bad;
  const odd = [...new Set([...unanswered, ...wrong])].map((one) => `\n    ${one}`).join("");
  console.log(
    `  ${what}: ${answered} answered, ${ended} ended, ${refused} refused, ${wrong.length} wrong, ` +
      `${unanswered.length} unanswered; ${slowest} took ${slowestMs} ms, the longest${bad && counts ? "  <-- !" : ""}${odd}`,
  );
}
