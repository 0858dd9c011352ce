// A rolling restart of three nodes with thousands of clients behind a proxy: how long everybody is away, and whether anything is lost.
// Usage: npx tsx bench/rolling.ts [clients, 3000]
import { fileURLToPath } from "node:url";
import { freePorts } from "../scripts/free-ports.mjs";
import { launchFleet } from "../test/scenarios/fleet.ts";
import { startChild } from "../test/support/child.ts";
import { eventually } from "../test/support/eventually.ts";
import { type SpawnedServer, spawnServer } from "../test/support/spawn-server.ts";
import { startServices } from "./services.ts";

const SIZE = Number(process.argv[2] ?? 3000);
const PER_SECOND = 50;
const BACK_WITHIN_MS = 30_000;

const services = await startServices();
const ports = await freePorts(3);
const start = async (port: number): Promise<SpawnedServer> => {
  const env = {
    ...services.env,
    PORT: String(port),
    NODE_ENV: "production",
    DRAIN_DELAY_SECONDS: "3",
    LOG_LEVEL: "warn",
  };
  const node = await spawnServer(env, { built: true, ready: false });
  await node.until(() => isReady(`http://127.0.0.1:${port}`));
  return node;
};
const nodes = await Promise.all(ports.map(start));
const proxyPath = fileURLToPath(new URL("../scripts/cluster/proxy.mjs", import.meta.url));
const urls = JSON.stringify(ports.map((port) => `http://127.0.0.1:${port}`));
const program = `import { startProxy } from ${JSON.stringify(proxyPath)}; console.log((await startProxy(${urls})).url);`;
const proxy = startChild(process.execPath, ["--input-type=module", "-e", program]);
const url = await proxy.line(/^http/);

const launched = performance.now();
const fleet = await launchFleet(url, SIZE);
console.log(`${SIZE} clients in after ${since(launched)} s`);
fleet.publish(PER_SECOND);
let [looks, unready] = [0, 0];
let watching = true;
const watch = (async () => {
  for (; watching; looks++) {
    const problem = await unreadiness();
    if (problem !== undefined) {
      unready++;
      console.log(`  not ready: ${problem}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
})();

let slow = false;
for (const [index, port] of ports.entries()) {
  const began = performance.now();
  const node = nodes[index];
  node?.kill("SIGTERM");
  const exit = await node?.exited;
  const gone = since(began);
  await eventually(() => fleet.connected() === SIZE, { timeoutMs: 60_000, everyMs: 50, what: "everybody being back" });
  slow ||= fleet.slowestReturn() > BACK_WITHIN_MS;
  console.log(
    `node ${index}: exit ${exit?.code} after ${gone} s, everybody back ${since(began)} s after the signal, ` +
      `the slowest client was away for ${(fleet.slowestReturn() / 1000).toFixed(1)} s`,
  );
  nodes[index] = await start(port);
}
const report = await fleet.finish();
watching = false;
await watch;
console.log(`${JSON.stringify(report)}; /readyz through the proxy: ${unready} of ${looks} looks not ready`);
process.exitCode = slow || unready > 0 || report.missing > 0 || report.disordered > 0 ? 1 : 0;
fleet.close();
proxy.kill();
await Promise.all(nodes.map((node) => node.stop()));
await services.stop();
process.exit();

function since(time: number): string {
  return ((performance.now() - time) / 1000).toFixed(1);
}

/** Why nobody is ready behind the proxy, or undefined. */
async function unreadiness(): Promise<string | undefined> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => {
      const text = await response.text();
      return response.ok ? undefined : `${response.status} ${text}`;
    },
    (error: unknown) => String(error),
  );
}

async function isReady(at: string): Promise<boolean> {
  return fetch(`${at}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}
