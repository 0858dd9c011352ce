// Two nodes behind nginx and behind HAProxy, with the configurations of deploy/ (only the ports are others): every kind of client,
// events across the nodes, and a rolling restart. Needs nginx and haproxy on this machine. Usage: npx tsx bench/proxies.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "../scripts/free-ports.mjs";
import { launchFleet } from "../test/scenarios/fleet.ts";
import { call } from "../test/scenarios/flow.ts";
import { addressOf, listen, listenRaw } from "../test/scenarios/nodes.ts";
import { type Child, startChild } from "../test/support/child.ts";
import { eventually } from "../test/support/eventually.ts";
import { type SpawnedServer, spawnServer } from "../test/support/spawn-server.ts";
import { startServices } from "./services.ts";

const SIZE = 150;
const deploy = fileURLToPath(new URL("../deploy/", import.meta.url));
const services = await startServices();
const [front = 0, ...ports] = await freePorts(3);
const url = `http://127.0.0.1:${front}`;
const home = mkdtempSync(join(tmpdir(), "classwire-proxies-"));

/** Copies a configuration with the ports of this run. */
function configure(name: string): string {
  const text = readFileSync(join(deploy, name), "utf8")
    .replaceAll("127.0.0.1:8081", `127.0.0.1:${ports[0]}`)
    .replaceAll("127.0.0.1:8082", `127.0.0.1:${ports[1]}`)
    .replace("listen 8080", `listen 127.0.0.1:${front}`)
    .replace("bind :8080", `bind 127.0.0.1:${front}`)
    .replace("maxconn 40000", "maxconn 4000") // within the file descriptors of a usual shell
    .replace("/tmp/classwire-nginx.pid", join(home, "nginx.pid"));
  writeFileSync(join(home, name), text);
  return join(home, name);
}

async function startNode(port: number): Promise<SpawnedServer> {
  const env = {
    ...services.env,
    PORT: String(port),
    NODE_ENV: "production",
    DRAIN_DELAY_SECONDS: "3",
    LOG_LEVEL: "error",
  };
  const node = await spawnServer(env, { built: true, ready: false });
  await node.until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true);
  return node;
}

async function behind(name: string, proxy: Child): Promise<void> {
  await proxy.until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true);
  const through = addressOf(url);
  const user = `${name}-user`;
  const clients = [
    await listen(through, "/channels", user, {}, { transports: ["polling"] }),
    await listen(through, "/channels", user, {}, { transports: ["polling", "websocket"] }),
    await listen(through, "/channels", user, {}, { transports: ["websocket"] }),
    await listenRaw(through, "/ws", user),
    await listenRaw(through, "/api/ws/connect", user),
    await listenRaw(through, "/", user),
  ];
  await listenRaw(through, "/api/v1/ws/dashboard", "1");
  await listenRaw(through, "/api/study-time?courseId=go", user);
  for (const client of clients.slice(0, 4)) {
    for (const port of ports) {
      const message = `${name} ${port}`;
      await call(addressOf(`http://127.0.0.1:${port}`), "POST", "/api/v1/system", { message, level: "info" });
      await client.hears("system", message);
    }
  }
  const upgraded = clients[1];
  if (upgraded !== undefined && "socket" in upgraded) {
    await eventually(() => upgraded.socket.io.engine.transport.name === "websocket", { what: "the upgrade" });
  }
  const metrics = (await fetch(`${url}/metrics`)).status;
  for (const client of clients) client.close();
  console.log(`${name}: every kind of client heard both nodes, polling was upgraded, /metrics answers ${metrics}`);

  const fleet = await launchFleet(url, SIZE);
  fleet.publish(50);
  for (const [index, port] of ports.entries()) {
    nodes[index]?.kill("SIGTERM");
    const exit = await nodes[index]?.exited;
    await eventually(() => fleet.connected() === SIZE, { timeoutMs: 30_000, what: "everybody being back" });
    nodes[index] = await startNode(port);
    await new Promise((done) => setTimeout(done, 3000)); // until the proxy has seen it, as a deployment would wait
    console.log(`${name}: node ${index} exit ${exit?.code}, slowest return ${Math.round(fleet.slowestReturn())} ms`);
  }
  await services.redis.stop();
  await new Promise((done) => setTimeout(done, 5000));
  const alone = await listen(through, "/channels", `${name}-alone`);
  alone.close();
  await services.redis.restart();
  console.log(`${name}: lets clients in while Redis is away`);
  const report = await fleet.finish();
  console.log(`${name}: ${JSON.stringify(report)}`);
  if (report.missing + report.disordered > 0) process.exitCode = 1;
  fleet.close();
}

const nodes = await Promise.all(ports.map(startNode));
configure("nodes.conf");
const commands = {
  nginx: ["nginx", ["-p", home, "-c", configure("nginx.conf"), "-g", "daemon off;"]],
  haproxy: ["haproxy", ["-f", configure("haproxy.cfg")]],
} as const;
for (const [name, [command, args]] of Object.entries(commands)) {
  const proxy = startChild(command, args);
  try {
    await behind(name, proxy);
  } catch (error) {
    console.error(`${name}: ${error}\n${proxy.lines.slice(-10).join("\n")}`);
    process.exitCode = 1;
  }
  proxy.kill("SIGTERM");
  await proxy.exited;
}
await Promise.all(nodes.map((node) => node.stop()));
await services.stop();
rmSync(home, { recursive: true });
process.exit();
