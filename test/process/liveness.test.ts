// Liveness: a worker that answers lives, however often it is asked; one that is frozen or cannot be asked is given up, once.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { root } from "../support/source-files.ts";

const home = mkdtempSync(join(tmpdir(), "classwire-liveness-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A primary whose second lasts until the program says so. `then` is what happens after 40 answered questions. */
async function watch(then: string): Promise<readonly string[]> {
  const workerFile = join(home, "worker.mjs");
  writeFileSync(workerFile, `process.on("message", (message) => process.send(message)); process.send("ready");`);
  const program = `
    import cluster from "node:cluster";
    import { once } from "node:events";
    import { watchLiveness } from ${JSON.stringify(join(root, "src/process/liveness.ts"))};
    let second;
    globalThis.setInterval = (work) => { second = work; };
    globalThis.clearInterval = () => { second = () => undefined; };
    cluster.setupPrimary({ exec: ${JSON.stringify(workerFile)}, execArgv: [] });
    const worker = cluster.fork();
    await once(worker, "message");
    let asked = 0;
    watchLiveness(worker, () => worker.send(++asked), () => console.log("given up after", asked));
    for (let count = 0; count < 40; count++) {
      const answer = once(worker, "message");
      second();
      await answer;
    }
    console.log("lives");
    asked = 0;
    ${then};
    for (let count = 0; count < 20; count++) second();
    worker.process.kill("SIGKILL");
  `;
  const child = startChild(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { cwd: root });
  await child.exited;
  return child.lines;
}

it("a frozen worker is given up after 15 questions without a word", async () => {
  expect(await watch(`worker.process.kill("SIGSTOP")`)).toEqual(["lives", "given up after 15"]);
});

it("a worker that cannot be asked any more is given up at once", async () => {
  expect(await watch("worker.process.disconnect()")).toEqual(["lives", "given up after 0"]);
});
