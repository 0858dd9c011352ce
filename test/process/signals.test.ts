// Signals: the first asks for a shutdown, a second one ends the process at once.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Child, startChild } from "../support/child.ts";
import { root } from "../support/source-files.ts";

/** A process that says which signal asks it to shut down, and goes on. */
async function startProcess(): Promise<Child> {
  const program = `
    import { onSignals } from ${JSON.stringify(join(root, "src/process/signals.ts"))};
    setInterval(() => undefined, 1000);
    onSignals((signal) => console.log("asked by", signal));
    console.log("runs");
  `;
  const child = startChild(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { cwd: root });
  await child.line(/^runs$/);
  return child;
}

it("the first one of either kind asks for a shutdown", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const child = await startProcess();
    child.kill(signal);
    await child.line(new RegExp(`^asked by ${signal}$`));
    expect(child.isRunning()).toBe(true);
    child.kill("SIGKILL");
    await child.exited;
  }
});

it("the same one again at once is that of a terminal and npm, and ends nothing; a later one ends the process", async () => {
  const child = await startProcess();
  child.kill("SIGINT");
  child.kill("SIGINT");
  await child.line(/^asked by SIGINT$/);
  await delay(150); // longer than one Ctrl-C takes through npm
  expect(child.isRunning()).toBe(true);
  child.kill("SIGTERM");
  expect(await child.exited).toEqual({ code: 1, signal: null });
  expect(child.lines).toEqual(["runs", "asked by SIGINT"]);
});
