// `npm run cluster` as a developer uses it: one command, clients of every kind through its proxy, Ctrl-C.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { type Child, startChild } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { descendants } from "../support/processes.ts";
import { ensureBuilt } from "../support/shared.ts";
import { root } from "../support/source-files.ts";
import { call } from "./flow.ts";
import { addressOf, listen, listenRaw } from "./nodes.ts";

let cluster: Child;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  await ensureBuilt();
  const script = fileURLToPath(new URL("../../scripts/cluster.mjs", import.meta.url));
  env = { ...process.env, PORT: String(await freePort()), NODE_ENV: undefined };
  cluster = startChild(process.execPath, [script], { env });
});
afterAll(async () => {
  cluster.kill("SIGKILL");
  await cluster.exited;
});

it("serves sticky and other clients over two nodes with the tokens that it prints, and leaves nothing behind", async () => {
  await cluster.line(/Ctrl-C ends all of it/, 60_000);
  const url = /http\S+/.exec(cluster.lines.find((line) => line.includes("The cluster is at")) ?? "")?.[0] ?? "";
  const [learner = "", , service = ""] = cluster.lines
    .filter((line) => /^\s+eyJ/.test(line))
    .map((line) => line.trim());
  const nodes = cluster.lines.flatMap((line) => /node \d alone: (\S+)/.exec(line)?.slice(1) ?? []);
  expect(nodes).toHaveLength(2);
  const proxy = addressOf(url);
  const clients = [
    await listen(proxy, "/channels", learner, {}, { transports: ["polling"] }),
    await listen(proxy, "/channels", learner, {}, { transports: ["polling", "websocket"] }),
    await listenRaw(proxy, "/ws", learner),
    await listenRaw(proxy, "/ws", learner),
  ];
  for (const node of nodes) {
    const { status } = await call({ url: node }, "POST", "/api/v1/system", { message: node, level: "info" }, service);
    expect(status).toBe(202);
    for (const client of clients) await client.hears("system", node);
  }
  const programs = descendants(cluster.pid);
  expect(programs.length).toBeGreaterThan(3);
  cluster.kill("SIGINT");
  cluster.kill("SIGINT"); // as npm passes it on
  expect(await cluster.exited).toEqual({ code: 0, signal: null });
  expect(programs.filter(isAlive)).toEqual([]);
});

it("ends with npm, too, when somebody ends that", async () => {
  const npm = startChild("npm", ["run", "--ignore-scripts", "cluster", "--", "1"], {
    cwd: root,
    env: { ...env, PORT: String(await freePort()) },
  });
  await npm.line(/Ctrl-C ends all of it/, 60_000);
  expect(npm.lines.filter((line) => /node \d alone/.test(line))).toHaveLength(1);
  const programs = descendants(npm.pid);
  expect(programs.length).toBeGreaterThan(2);
  onTestFinished(() => {
    for (const pid of programs.filter(isAlive)) process.kill(pid, "SIGKILL");
  });
  npm.kill("SIGTERM");
  await npm.exited;
  await eventually(() => !programs.some(isAlive), { timeoutMs: 15_000, what: "the end of all programs" });
}, 90_000);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // there is no such process
  }
}
