// The distribution of connections: a worker takes them in the order in which they came, whether they are of its sessions or of nobody's.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { root } from "../support/source-files.ts";

const home = mkdtempSync(join(tmpdir(), "classwire-distributor-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it("lets connections of sessions pass no others", async () => {
  const workerFile = join(home, "worker.mjs");
  const worker = `
    process.on("message", ({ classwire, id, head }, socket) => {
      if (classwire !== "connection") return;
      console.log(Buffer.from(head).toString());
      socket.destroy();
      process.send({ classwire: "taken", id });
    });
    process.send({ classwire: "session-created", session: "a" });
  `;
  writeFileSync(workerFile, worker);
  const program = `
    import cluster from "node:cluster";
    import { once } from "node:events";
    import { connect, createServer } from "node:net";
    import { createDistributor } from ${JSON.stringify(join(root, "src/process/connection-distributor.ts"))};
    cluster.setupPrimary({ exec: ${JSON.stringify(workerFile)}, execArgv: [], serialization: "advanced" });
    const worker = cluster.fork();
    const distributor = createDistributor();
    worker.on("message", (message) => distributor.hear(worker, message));
    await once(worker, "message");
    distributor.add(worker);
    const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const sockets = [];
    for (let count = 0; count < 6; count++) {
      connect(server.address().port, "127.0.0.1").resume();
      sockets.push((await once(server, "connection"))[0]);
    }
    for (const name of ["first", "a 1", "new 1", "a 2", "a 3", "new 2"])
      distributor.distribute({ socket: sockets.shift(), head: Buffer.from(name), ...(name[0] === "a" && { session: "a" }) });
    for (let count = 0; count < 6; count++) await once(worker, "message");
    server.close();
    worker.process.kill("SIGKILL");
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", program];
  const child = startChild(process.execPath, args, { cwd: root });
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.lines).toEqual(["first", "a 1", "new 1", "a 2", "a 3", "new 2"]);
});
