// What mocha loads for the Redis adapter's suite: its own tests, which take the adapter to be tested as a parameter, with ours.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRedisAdapter } from "../../../src/cluster/redis/adapter.ts";
import type { AdapterSubscriber } from "../../../src/cluster/redis/adapter-clients.ts";
import { createRedisClients, type RedisClients } from "../../../src/cluster/redis/clients.ts";
import { eventually } from "../../support/eventually.ts";

/** What a suite's file exports. */
type TestSuite = (create: () => Promise<[adapter: unknown, close: () => void]>, ...more: unknown[]) => void;

const folder = process.env["ADAPTER_SUITE"] ?? "";
const url = process.env["ADAPTER_REDIS"] ?? "";
const keys = { own: "conformance", emitters: "conformance" };

/** One node's adapter, and how its connections are closed. */
async function createAdapter(): Promise<[unknown, () => void]> {
  const clients = createRedisClients({ url });
  await isUp(clients);
  const adapterSubscriber = withPatterns(clients);
  return [createRedisAdapter({ ...clients, adapterSubscriber }, keys), () => void clients.close()];
}

function isUp(clients: RedisClients): Promise<true> {
  return eventually(() => clients.state() === "up", { what: "Redis answering" }) as Promise<true>;
}

/** The suite subscribes with node-redis' own command, and waits until it is confirmed: `up` says that of all subscriptions. */
function withPatterns(clients: RedisClients): AdapterSubscriber {
  const PSUBSCRIBE = (pattern: string, listener: () => void): Promise<true> => {
    clients.adapterSubscriber.pSubscribe(pattern, listener, true);
    return isUp(clients);
  };
  return { ...clients.adapterSubscriber, PSUBSCRIBE } as AdapterSubscriber;
}

/** The suite's function in one of its files, which are CommonJS. */
async function testSuiteIn(file: string): Promise<TestSuite> {
  const loaded = await import(pathToFileURL(join(folder, "test", file)).href);
  return loaded.testSuite ?? loaded.default.testSuite;
}

const common = await testSuiteIn("index.ts");
const specifics = await testSuiteIn("specifics.ts");
common(createAdapter);
specifics(createAdapter, "redis@5", false);
