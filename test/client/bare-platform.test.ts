// The client where the platform has little: no atob, TextDecoder, performance, document or AbortController, as React Native.
import { join } from "node:path";
import { expect, test } from "vitest";
import { startChild } from "../support/child.ts";
import { root, sourceFiles } from "../support/source-files.ts";
import { signToken } from "../support/tokens.ts";
import { startWorld } from "./world.ts";

const world = startWorld();

test("it connects, hears, sends and renews its token with ECMAScript, timers and WebSocket alone", async () => {
  const user = world.user();
  const tokens = [signToken(user, { expiresIn: 3 }), signToken(user, { expiresIn: 600 })];
  const script = join(root, "test/client/bare-platform.mjs");
  const child = startChild(process.execPath, ["--experimental-vm-modules", script, world.server.url, ...tokens]);
  await child.line(new RegExp(`^studies as ${user}$`));
  await child.line(/^sent \d+$/);
  await child.line(/^snapshot number$/);
  await world.backend.notify({ userId: user, title: "one", message: "…" });
  await child.line(/^heard one$/);
  await child.line(/^asked for a token, 1 left$/);
  await world.backend.notify({ userId: user, title: "two", message: "…" });
  await child.line(/^heard two$/);
  expect(child.lines.filter((line) => /disconnected|closed|rror/.test(line))).toEqual([]);
  child.kill("SIGTERM");
  expect((await child.exited).code).toBe(0);
});

test("its code holds no syntax of regular expressions that Hermes or an older Safari lacks", () => {
  const code = sourceFiles("src/client");
  expect(code.length).toBeGreaterThan(20);
  expect(
    code.filter(({ text }) => /\\p\{|\(\?<[=!]|\/[dgimsuy]*v[dgimsuy]*[,.;)]/.test(text)).map(({ path }) => path),
  ).toEqual([]);
});
