// classwire/client in a real browser, as built: an import map is all that it needs, and localStorage keeps its offsets.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { root } from "../support/source-files.ts";
import { signToken } from "../support/tokens.ts";
import { startWorld } from "./world.ts";

const world = startWorld();
let pages: Server;
let browser: Browser;

const PAGE = `<!doctype html><meta charset="utf-8"><title>client</title>
<script type="importmap">{"imports": {
  "socket.io-client": "/node_modules/socket.io-client/dist/socket.io.esm.min.js",
  "classwire/client": "/dist/client/index.js"
}}</script>
<script type="module">
  import { createClient, webStorage } from "classwire/client";
  const { url, token, user } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const backoff = JSON.parse(localStorage.getItem("backoff") ?? '{"first":100,"longest":1000}');
  const client = createClient({ url, token, backoff, storage: webStorage(localStorage) });
  window.heard = [];
  window.study = client.studyTime("course-1");
  client.dashboard().on("quiz_completed", ({ score }, { offset }) => heard.push([score, offset]));
  client.dashboard().on("connected", () => { window.connected = true; });
  client.channels().on("user_message", ({ text }) => heard.push([text]));
</script>`;

beforeAll(async () => {
  pages = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    if (pathname === "/") return void response.setHeader("Content-Type", "text/html").end(PAGE);
    const path = normalize(pathname);
    const isServed = path.startsWith("/dist/") || path.startsWith("/node_modules/socket.io-client/dist/");
    if (!isServed) return void response.writeHead(404).end();
    response.setHeader("Content-Type", "text/javascript").end(readFileSync(join(root, path)));
  });
  await new Promise<void>((listening) => pages.listen(0, "127.0.0.1", listening));
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  pages?.close();
});

async function open(page: Page, user: string): Promise<void> {
  const settings = { url: world.line.url, token: signToken(user), user };
  const url = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/#${encodeURIComponent(JSON.stringify(settings))}`;
  await page.goto(url);
  await page.waitForFunction("window.connected === true && window.study.state === 'connected'");
}

test("it hears, keeps its place over a reload, and pauses study time while the page is hidden", async () => {
  const user = world.user();
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  const heard = (): Promise<unknown[]> => page.evaluate("window.heard");
  const quiz = (score: number) =>
    world.backend.addQuiz({
      user_id: Number(user),
      topic_id: "constants",
      chapter_id: "boolean-constants",
      score,
      total_questions: 10,
    });
  await open(page, user);
  await quiz(1);
  await eventually(async () => (await heard()).length === 1);
  expect(await heard()).toEqual([[1, 1]]);

  await page.goto("about:blank");
  await quiz(2);
  await quiz(3);
  await open(page, user);
  await eventually(async () => (await heard()).length === 2);
  expect(await heard()).toEqual([
    [2, 2],
    [3, 3],
  ]);

  // What a browser does when its tab goes to the background.
  const show = (state: string): Promise<unknown> =>
    page.evaluate(`
      Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    `);
  await show("hidden");
  await page.waitForFunction("window.study.state === 'waiting'");
  await show("visible");
  await page.waitForFunction("window.study.state === 'connected'");
  expect(complaints).toEqual([]);
});

test("it does not wait for its next attempt once the device is online again", async () => {
  const context = await browser.newContext();
  await context.addInitScript(`localStorage.setItem("backoff", '{"first":600000,"longest":600000}')`);
  const page = await context.newPage();
  await open(page, world.user());
  await context.setOffline(true);
  await page.waitForFunction("window.study.state === 'waiting'");
  await context.setOffline(false);
  await page.waitForFunction("window.study.state === 'connected'");
  await context.close();
});
