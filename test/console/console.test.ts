// The console page in a real Chromium: connects, publishes, shows what arrives, and keeps to its own rules.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startBrowser } from "../support/browser.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

let server: SpawnedServer;
let browser: Browser;
let page: Page;
/** What the page or its policy complained about. */
let complaints: string[] = [];

beforeAll(async () => {
  server = await spawnServer({ LOG_LEVEL: "warn", DASHBOARD_ATTEMPTS_PER_MINUTE: "1000" });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  complaints = [];
  page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(server.url);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const connect = async (name: string): Promise<void> => {
  await page.getByRole("button", { name: `Connect ${name}`, exact: true }).click();
  await page.getByRole("button", { name: `Disconnect ${name}`, exact: true }).waitFor();
};
const publish = async (tab: string): Promise<string> => {
  await page.getByRole("tab", { name: tab, exact: true }).click();
  await page.getByRole("button", { name: /^Publish/ }).click();
  const answer = page.locator(".answer.good:visible");
  await answer.waitFor();
  return (await answer.textContent()) ?? "";
};
const shown = (source: string, event: string) => page.locator(`[data-source="${source}"][data-event="${event}"]`);

test("it says how the node is", async () => {
  await page.getByText("ready · database up · single node").waitFor();
  expect(await page.title()).toBe("Classwire console");
});

test("one notification, published on the page, arrives in Socket.IO and in each dialect's own words", async () => {
  await connect("/channels");
  await page.getByText("subscribe ✓").nth(2).waitFor();
  await connect("raw channels");
  await shown("raw channels", "subscribed").nth(1).waitFor();
  await connect("raw gateway");
  await connect("raw messenger");
  expect(await publish("Notification")).toMatch(/^201 ✓ offset \d+, online$/);
  await shown("/channels", "notifications").first().waitFor();
  await shown("raw channels", "notifications").first().waitFor();
  await shown("raw gateway", "notification").first().waitFor();
  await shown("raw messenger", "notification").first().waitFor();
  expect(await shown("/channels", "notifications").first().locator(".offset").textContent()).toMatch(
    /^notifications\/123 #\d+$/,
  );
  await publish("Run result");
  await shown("/channels", "run-results").first().waitFor();
  await publish("Room");
  await shown("/channels", "room_message").first().waitFor();
  await publish("System");
  await shown("raw gateway", "system").first().waitFor();
});

test("any call can be made, as its example has it or changed", async () => {
  await connect("/dashboard");
  await page.getByRole("tab", { name: "Any call", exact: true }).click();
  const panel = page.getByRole("tabpanel");
  await panel.getByLabel("Call").selectOption("addQuiz");
  expect(await panel.getByLabel("Path").inputValue()).toBe("/api/v1/quizzes");
  expect(await publish("Any call")).toMatch(/^200 ✓|^201 ✓/);
  await shown("/dashboard", "quiz_completed").waitFor();
  await panel.getByRole("textbox", { name: "Body" }).fill("{");
  await page.getByRole("button", { name: /^Publish/ }).click();
  await page.getByText("the body is not JSON").waitFor();
});

test("progress and quizzes arrive on the dashboard", async () => {
  await connect("/dashboard");
  expect(await publish("Progress")).toMatch(/^200 ✓/);
  await shown("/dashboard", "progress_updated").waitFor();
  expect(await publish("Quiz")).toContain("passed");
  await shown("/dashboard", "quiz_completed").waitFor();
});

test("study time runs, counts and is saved", async () => {
  await page.getByRole("button", { name: "Start studying" }).click();
  await page.getByText("0 s are saved").waitFor();
  await page.getByRole("button", { name: "Heartbeat now" }).click();
  await shown("/study-time", "heartbeat ✓").first().waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("the time up to now is saved").waitFor();
});

test("what was received is text, whatever it looks like", async () => {
  await connect("/channels");
  await page.getByText("subscribe ✓").nth(2).waitFor();
  const attack = "<img src=x onerror=alert(1)><b id=injected>bold</b>";
  await page.getByRole("tab", { name: "System" }).click();
  await page.getByRole("tabpanel").getByLabel("Message").fill(attack);
  await page.getByRole("button", { name: /^Publish/ }).click();
  await shown("/channels", "system").first().waitFor();
  expect(await shown("/channels", "system").first().textContent()).toContain(attack);
  expect(await page.locator("#injected").count()).toBe(0);
});

test("a bad call shows the server's words", async () => {
  await page.getByRole("tab", { name: "Room" }).click();
  await page.getByRole("tabpanel").getByLabel("Room").fill("no spaces");
  await page.getByRole("button", { name: /^Publish/ }).click();
  await page.locator(".answer.bad:visible").waitFor();
  expect(await page.locator(".answer.bad:visible").textContent()).toMatch(/^400 INVALID_MESSAGE/);
  expect(complaints.splice(0)).toEqual([expect.stringContaining("400")]); // the browser's own note of the answer
});

test("the tabs follow the keyboard, and every control has a name", async () => {
  await page.getByRole("tab", { name: "Progress" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("End");
  expect(await page.getByRole("tab", { selected: true }).textContent()).toBe("Any call");
  const nameless = await page.evaluate<number>(
    `[...document.querySelectorAll("button, input, select, textarea")].filter((control) =>
      control.labels?.length === 0 && !control.getAttribute("aria-label") && !control.textContent.trim()).length`,
  );
  expect(nameless).toBe(0);
});

test("a telephone sees everything without scrolling sideways", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = await page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
  expect(wide).toBe(false);
});

test("the page is let load nothing but its own parts, and nobody else reads the tokens", async () => {
  const policy = (await fetch(server.url)).headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  const tokens = await fetch(`${server.url}/console/tokens.json`);
  expect(tokens.headers.get("access-control-allow-origin")).toBeNull();
  expect(((await tokens.json()) as { tokens: unknown[] }).tokens).toHaveLength(3);
  const { request } = await import("node:http");
  const status = await new Promise((resolve) => {
    const options = { headers: { host: "evil.example" } };
    request(`${server.url}/console/tokens.json`, options, ({ statusCode }) => resolve(statusCode)).end();
  });
  expect(status).toBe(403);
  for (const path of ["/console/console.js", "/console/../package.json", "/console/%2e%2e/console.ts"]) {
    expect((await fetch(server.url + path)).status).toBe(404);
  }
});

test("in production there is no page, and where it is turned on it has no tokens", async () => {
  const production = { NODE_ENV: "production", LOG_LEVEL: "warn" };
  const [off, on] = await Promise.all([spawnServer(production), spawnServer({ ...production, CONSOLE: "true" })]);
  try {
    expect((await fetch(off.url)).status).toBe(404);
    expect((await fetch(`${off.url}/console/tokens.json`)).status).toBe(404);
    expect(await (await fetch(`${on.url}/console/tokens.json`)).json()).toMatchObject({ tokens: [] });
    await page.goto(on.url);
    await page.getByLabel("Paste a token").fill(signToken("77"));
    await page.getByLabel("Paste a token").press("Enter");
    await connect("/dashboard");
    await shown("/dashboard", "connected").waitFor();
  } finally {
    await page.goto("about:blank"); // it would see, and say, that the server drains
    await Promise.all([off.stop(), on.stop()]);
  }
}, 60_000);
