// Takes the README's picture of the console page: docs/console.png, at work, from a server of its own.
// Usage: node scripts/screenshot.mjs [file] [dark] [width]
// @ts-check
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { needService } from "./services.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [file = `${root}docs/console.png`, scheme = "light", width = "1360"] = process.argv.slice(2);

const server = spawn(process.execPath, [`${root}dist/main.js`], {
  env: { PATH: process.env["PATH"], DATABASE_URL: "memory:", PORT: "0", LOG_LEVEL: "warn" },
  stdio: ["ignore", "pipe", "inherit"],
});
process.once("exit", () => server.kill());

const browser = await chromium.launch({
  executablePath: needService("chromium"),
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text", // grey edges of letters: sharper in a README
  ],
});
try {
  const page = await browser.newPage({
    viewport: { width: Number(width), height: 896 },
    colorScheme: scheme === "dark" ? "dark" : "light",
  });
  await page.goto(await urlOf(server));
  await show(page);
  mkdirSync(dirname(file), { recursive: true });
  const picture = await page.screenshot({ fullPage: Number(width) < 600, animations: "disabled" });
  writeFileSync(file, picture);
  process.stdout.write(`${file}: ${Math.round(picture.length / 1024)} KB\n`);
} finally {
  await browser.close();
  server.kill();
}

/**
 * The URL that a starting server prints.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<string>}
 */
function urlOf(child) {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      const url = /Classwire is at (\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
}

/**
 * Connects a few clients and publishes one thing of each kind.
 * @param {import("playwright-core").Page} page
 */
async function show(page) {
  for (const name of ["/dashboard", "/channels", "raw gateway", "raw messenger"]) {
    await page.getByRole("button", { name: `Connect ${name}`, exact: true }).click();
    await page.getByRole("button", { name: `Disconnect ${name}`, exact: true }).waitFor();
  }
  await page.getByText("subscribe ✓").nth(2).waitFor();
  await page.getByRole("button", { name: "Start studying" }).click();
  await page.getByText("0 s are saved").waitFor();
  for (const tab of ["System", "Room", "Run result", "Notification", "Progress", "Quiz"]) {
    await page.getByRole("tab", { name: tab, exact: true }).click();
    await page.getByRole("button", { name: /^Publish/ }).click();
    await page.locator(".answer.good:visible").waitFor();
  }
  await page.locator('[data-event="quiz_completed"]').first().waitFor();
  const quiz = page.locator('[data-source="/dashboard"][data-event="quiz_completed"] summary');
  await quiz.first().click();
  await page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)");
}
