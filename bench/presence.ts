// What presence costs: users who come to one room as fast as they can, leave it, and are cut off, on one node and on two.
// npm run bench:presence [users] [nodes, 1 and 2 if none are named]
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { observe } from "./observed/measure.ts";
import type { Order, Report } from "./presence/users.ts";
import { startServices } from "./services.ts";

const USERS = Number(process.argv[2] ?? 2000);
const NODES = process.argv.slice(3).map(Number);
/** Until those who were cut off have been away for the grace period, and everybody was told. */
const AWAY_MS = 8000;
/** Until everybody was told of what has been answered. */
const TOLD_MS = 2000;
const env = { MAX_CONNECTIONS: "50000", TRANSPORTS: "websocket" };

async function scenario(count: number): Promise<void> {
  const services = await startServices();
  const nodes = await Promise.all(Array.from({ length: count }, () => services.spawn(env)));
  const child: ChildProcess = fork(new URL("./presence/users.ts", import.meta.url));
  const order = async (what: Order): Promise<Report> => {
    const answer = once(child, "message");
    child.send(what);
    return (await answer)[0] as Report;
  };
  const users = async (what: Order, waitMs: number): Promise<Report> => {
    const first = await order(what);
    await sleep(waitMs);
    const rest = await order({ do: "count" });
    return { frames: first.frames + rest.frames, bytes: first.bytes + rest.bytes };
  };
  const told =
    (listeners: number) =>
    ({ frames, bytes }: Report): string =>
      `; frames per user ${(frames / listeners).toFixed(1)}, ${(bytes / 1e6).toFixed(1)} MB in all`;

  console.log(`${USERS} users, ${count === 1 ? "one node" : `${count} nodes`}`);
  await order({ do: "connect", urls: nodes.map(({ url }) => url), count: USERS });
  await sleep(TOLD_MS);
  const observed = await observe(
    nodes[0]?.url ?? "",
    nodes.map(({ pid }) => pid),
  );
  await observed.measure("  nothing", () => sleep(TOLD_MS));
  await observed.measure("  join", () => users({ do: "join", room: "hall" }, TOLD_MS), told(USERS));
  await observed.measure("  leave", () => users({ do: "leave", room: "hall" }, TOLD_MS), told(USERS));
  await order({ do: "join", room: "hall" });
  await sleep(TOLD_MS);
  await order({ do: "count" });
  await observed.measure("  half are cut", () => users({ do: "cut", count: USERS / 2 }, AWAY_MS), told(USERS / 2));
  observed.close();
  child.kill();
  for (const node of nodes) await node.stop();
  await services.stop();
}

for (const count of NODES.length > 0 ? NODES : [1, 2]) await scenario(count);
process.exit();
