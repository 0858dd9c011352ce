// The logger: JSON lines, readable ones in development, and no secret in either.
import { join } from "node:path";
import { expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { root } from "../support/source-files.ts";

/** What a program prints that logs an object with a secret in several places. */
async function linesOf(mode: "development" | "production", level = "info"): Promise<string> {
  const program = `
    import { createLogger } from ${JSON.stringify(join(root, "src/config/logger.ts"))};
    const logger = createLogger({ mode: "${mode}", logLevel: "${level}" });
    const secrets = { token: "hush", authorization: "hush", cookie: "hush", password: "hush", secret: "hush" };
    logger.info({ user: "123", ...secrets, request: { headers: "none", ...secrets } }, "a call");
    logger.debug("a detail");
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", program];
  const child = startChild(process.execPath, args, { cwd: root });
  expect(await child.exited).toEqual({ code: 0, signal: null });
  return child.lines.join("\n");
}

it("writes JSON in production, with secrets masked", async () => {
  const line = JSON.parse(await linesOf("production"));
  expect(line).toMatchObject({ level: 30, msg: "a call", user: "123", token: "[secret]" });
  expect(line.request).toMatchObject({ headers: "none", cookie: "[secret]" });
  expect(JSON.stringify(line)).not.toContain("hush");
});

it("writes readable lines in development, with secrets masked", async () => {
  const text = await linesOf("development");
  expect(text).toMatch(/INFO.*a call/);
  expect(text).toContain('user: "123"');
  expect(text).not.toContain("hush");
});

it("writes what the level asks for", async () => {
  expect(await linesOf("production", "debug")).toContain("a detail");
  expect(await linesOf("production", "error")).toBe("");
});
