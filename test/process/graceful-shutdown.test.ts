// The graceful shutdown: drains, closes after a delay, and ends the process with what came of it.
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Child, startChild } from "../support/child.ts";
import { root } from "../support/source-files.ts";

/** A process whose node closes with `close`, an expression, and that is shut down twice. Its timers say how long they are. */
function shutDown(close: string): Child {
  const program = `
    const real = setTimeout;
    globalThis.setTimeout = (work, ms) => real(() => (console.log("after", ms), work()), ms / 100);
    import { createGracefulShutdown } from ${JSON.stringify(join(root, "src/process/graceful-shutdown.ts"))};
    const logger = { info: ({ reason }, text) => console.log(text, reason), error: ({ err }, text) => console.log(text, err.message) };
    const node = { drain: () => console.log("drains"), close: () => (console.log("closes"), ${close}) };
    const shutDown = createGracefulShutdown(node, logger);
    setInterval(() => undefined, 1000);
    shutDown("SIGTERM", 50);
    shutDown("SIGINT", 0);
  `;
  return startChild(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { cwd: root });
}

it("drains, then closes, once, and ends with 0", async () => {
  const child = shutDown("Promise.resolve()");
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.lines).toEqual(["shutting down SIGTERM", "drains", "closes"]);
});

it("ends with 1 where closing fails, and says why", async () => {
  const child = shutDown('Promise.reject(new Error("the disk is full"))');
  expect(await child.exited).toEqual({ code: 1, signal: null });
  expect(child.lines.at(-1)).toBe("the shutdown failed the disk is full");
});

it("ends with 1 after 10 s where closing takes longer", async () => {
  const child = shutDown("new Promise(() => undefined)");
  expect(await child.exited).toEqual({ code: 1, signal: null });
  expect(child.lines).toEqual(["shutting down SIGTERM", "drains", "closes", "after 10000"]);
});
