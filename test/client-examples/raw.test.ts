// The raw examples, under Node's own WebSocket and in Chromium: they hear what a real server says, also after a cut.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEmitter, type DurableSends } from "../../src/emitter/index.ts";
import { startBrowser } from "../support/browser.ts";
import { startChild } from "../support/child.ts";
import { type Cuttable, startCuttable } from "../support/cuttable.ts";
import { eventually } from "../support/eventually.ts";
import { root } from "../support/source-files.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

let server: SpawnedServer;
let line: Cuttable;
let backend: DurableSends;

beforeAll(async () => {
  server = await spawnServer({ LOG_LEVEL: "warn", DASHBOARD_ATTEMPTS_PER_MINUTE: "100" });
  line = await startCuttable(() => server.ports[0] ?? 0);
  backend = createEmitter({ api: { url: server.url, token: signToken({ sub: "1", role: "service" }) } });
});
afterAll(async () => {
  await line?.close();
  await server?.stop();
});

const lesson = { topic_id: "constants", chapter_id: "boolean-constants" };
const notify = (userId: string, title: string) => backend.notify({ userId, title, message: "m" });

test("under Node: all four hear, come back after a cut, and close cleanly", async () => {
  const user = "7001";
  const script = join(root, "test/client-examples/raw-node.mjs");
  const url = line.url.replace("http", "ws");
  const child = startChild(process.execPath, ["--experimental-websocket", script, url, signToken(user), user]);
  const heard = (from: string): unknown[] =>
    child.lines.flatMap((text) => {
      const told = text.startsWith("{") ? (JSON.parse(text) as { from: string; what: unknown }) : undefined;
      return told?.from === from ? [told.what] : [];
    });
  try {
    await eventually(() => heard("dashboard").includes("open"));
    const mine = { from: user, content: "said while offline" };
    await eventually(() => {
      expect(heard("messenger").at(-1)).toEqual({ notifications: [], messages: [mine], queue: 0 });
      return true;
    });
    await backend.updateProgress({ user_id: Number(user), ...lesson, completed: true });
    await notify(user, "first");
    await eventually(() => heard("dashboard").includes("boolean-constants"));
    await eventually(() => heard("channels").includes("first") && heard("gateway").includes("first"));
    await backend.sendToRoom("examples", { text: "to the room" });
    await eventually(() => heard("gateway").includes("to the room"));

    line.cut();
    await notify(user, "after the cut");
    await eventually(() => heard("channels").includes("after the cut"));
    await eventually(() => JSON.stringify(heard("messenger").at(-1)).includes("after the cut"));
    expect(heard("dashboard").at(-1)).toMatch(/^closed \d+$/);
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
});

test("in Chromium: the same files, as a page loads them", async () => {
  const user = "7002";
  const page = await startPage();
  const browser: Browser = await startBrowser();
  try {
    const tab = await browser.newPage();
    const complaints: string[] = [];
    tab.on("pageerror", (error) => complaints.push(error.message));
    const settings = { url: server.url.replace("http", "ws"), token: signToken(user), userId: user };
    await tab.goto(`${page.url}/#${encodeURIComponent(JSON.stringify(settings))}`);
    const heard = (): Promise<unknown[]> => tab.evaluate("window.heard");
    await eventually(async () => (await heard()).length === 4, { what: "four open connections" });
    await backend.addQuiz({ user_id: Number(user), ...lesson, score: 3, total_questions: 10 });
    await notify(user, "hello page");
    await eventually(async () => (await heard()).length >= 8);
    expect((await heard()).map((entry) => JSON.stringify(entry)).sort()).toEqual(
      [
        ["channels", "open"],
        ["dashboard", "open"],
        ["gateway", "open"],
        ["messenger", "open"],
        ["channels", "hello page"],
        ["dashboard", 3],
        ["gateway", "hello page"],
        ["messenger", "hello page"],
      ]
        .map((entry) => JSON.stringify(entry))
        .sort(),
    );
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    page.server.close();
  }
});

/** A page that uses the four examples, served with them. */
async function startPage(): Promise<{ url: string; server: Server }> {
  const examples = join(root, "client-examples/raw");
  const files: Record<string, string> = {
    "/": '<!doctype html><meta charset="utf-8"><title>examples</title><script type="module" src="/page.js"></script>',
    "/page.js": readFileSync(join(root, "test/client-examples/raw-page.js"), "utf8"),
    ...Object.fromEntries(
      ["dashboard", "channels", "gateway", "messenger"].map((name) => [
        `/raw/${name}.js`,
        readFileSync(join(examples, `${name}.js`), "utf8"),
      ]),
    ),
  };
  const server = createServer((request, response) => {
    const body = files[request.url ?? "/"];
    const type = request.url === "/" ? "text/html" : "text/javascript";
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": type }).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
