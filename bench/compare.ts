// Classwire beside what it is picked against, every server in a process of its own, in turns, in one run.
// npm run bench [-- --quick] [--clients 1000,5000] [--only fan-out,heartbeat] [--servers "ws,Classwire raw"] [--write] [--against file.json]
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { quantile } from "./compare/accounting.ts";
import { Crowd } from "./compare/crowd.ts";
import { type Results, regressions, toChart, toMarkdown } from "./compare/report.ts";
import {
  beside,
  connect,
  type Figures,
  fanOut,
  heartbeat,
  held,
  idle,
  paced,
  type Side,
  storm,
} from "./compare/scenarios.ts";
import { CONTENDERS, type Contender, type ContenderName, canRun, start } from "./compare/servers.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    clients: { type: "string" },
    only: { type: "string" },
    servers: { type: "string" },
    write: { type: "boolean", default: false },
    against: { type: "string" },
    json: { type: "string" },
    rounds: { type: "string" },
  },
});
const list = (text: string | undefined): string[] | undefined => text?.split(",").map((one) => one.trim());
const SIZES = list(values.clients)?.map(Number) ?? (values.quick ? [500] : [1000, 5000, 10_000]);
const ROUNDS = Number(values.rounds ?? (values.quick ? 10 : 40));
const ONLY = list(values.only);
const NAMES = (list(values.servers) as ContenderName[] | undefined) ?? CONTENDERS.filter(canRun);
/** By how much a ratio may grow before it counts as a regression. */
const TOLERANCE = 0.1;

const wants = (scenario: string): boolean => ONLY === undefined || ONLY.includes(scenario);
const results: Results = {};
for (const name of CONTENDERS.filter((one) => !canRun(one))) console.error(`not measured here: ${name} (no Go)`);
for (const clients of SIZES) await measure(clients);

if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
if (values.write) write();
if (values.against !== undefined) {
  const worse = regressions(JSON.parse(readFileSync(values.against, "utf8")), results, TOLERANCE);
  for (const { what, before, now } of worse)
    console.error(`worse: ${what}: ${before.toFixed(2)} → ${now.toFixed(2)} of Socket.IO`);
  process.exitCode = worse.length > 0 ? 1 : 0;
}
process.exit();

/** Everything at one number of clients. */
async function measure(clients: number): Promise<void> {
  const label = (scenario: string): string => `${scenario}, ${clients.toLocaleString("en")} clients`;
  const sides: Side[] = [];
  const opened: Record<string, Figures> = {};
  const atRest: Record<string, Figures> = {};
  for (const name of NAMES) {
    const contender = await start(name);
    const side = sideOf(contender, clients);
    const before = await held(contender);
    opened[name] = await connect(side);
    atRest[name] = await idle(side, before);
    sides.push(side);
  }
  if (wants("connect")) note(label("Connect"), opened);
  if (wants("idle")) note(label("Idle connection"), atRest);
  if (wants("fan-out")) await inTurns(label("Event to everyone"), sides, ROUNDS, (side) => fanOut(side, 1));
  if (wants("burst")) await inTurns(label("Eight events in one tick"), sides, ROUNDS, (side) => fanOut(side, 8));
  if (wants("heartbeat"))
    await inTurns(label("Heartbeat"), sides, Math.max(3, ROUNDS / 8), (side) => heartbeat(side, 2));
  if (wants("beside")) await inTurns(label("Beside a broadcast"), sides, 2, (side) => beside(side, 10), 0);
  if (wants("storm")) await inTurns(label("All cut at once"), sides, 2, storm, 0);
  if (wants("paced")) await pacedRun(label("20 000 deliveries a second"), sides);
  for (const side of sides) await close(side);
}

/** Rooms of fifty, which clients join as they connect. */
async function pacedRun(label: string, sides: readonly Side[]): Promise<void> {
  for (const side of sides) {
    await Promise.all(side.crowds.map((crowd) => crowd.cut()));
    await connect(side, Math.round(side.clients / 50));
  }
  await inTurns(label, sides, 2, (side) => paced(side, 20_000, values.quick ? 2 : 5));
}

/** Runs a scenario on all sides in turns; whoever goes first has the machine as the others left it, so the order turns too. */
async function inTurns(
  label: string,
  sides: readonly Side[],
  rounds: number,
  run: (side: Side) => Promise<Figures>,
  warmUp = 1,
): Promise<void> {
  const runs = new Map<string, Figures[]>(sides.map(({ contender }) => [contender.name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const figures = await run(side);
      if (round >= 0) runs.get(side.contender.name)?.push(figures);
    }
  }
  note(label, Object.fromEntries([...runs].map(([name, all]) => [name, middle(all)])));
}

function middle(runs: readonly Figures[]): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      quantile(
        runs.map((figures) => figures[name] ?? Number.NaN),
        0.5,
      ),
    ]),
  );
}

function note(label: string, figures: Record<string, Figures>): void {
  results[label] = figures;
  console.log(`\n${toMarkdown({ [label]: figures })}`);
}

function sideOf(contender: Contender, clients: number): Side {
  return { contender, clients, crowds: contender.targets.map(() => new Crowd()), bystander: new Crowd() };
}

async function close({ contender, crowds, bystander }: Side): Promise<void> {
  for (const crowd of [...crowds, bystander]) crowd.close();
  await contender.stop();
}

/** Writes docs/benchmarks.md between its marks, and a chart for each scenario. */
function write(): void {
  const page = new URL("../docs/benchmarks.md", import.meta.url);
  const charts = Object.entries(results).map(([scenario, sides]) => {
    const file = `benchmarks/${scenario.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.svg`;
    writeFileSync(new URL(`../docs/${file}`, import.meta.url), toChart(scenario, sides));
    return `![${scenario}](${file})`;
  });
  const [before = "", rest = ""] = readFileSync(page, "utf8").split("<!-- figures -->\n");
  const [, after = ""] = rest.split("<!-- /figures -->");
  writeFileSync(
    page,
    `${before}<!-- figures -->\n${charts.join("\n")}\n\n${toMarkdown(results)}<!-- /figures -->${after}`,
  );
}
