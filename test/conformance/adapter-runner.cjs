// Runs the tests of @socket.io/redis-adapter on our adapter: loaded by mocha in the folder of the suite, which SUITE names.
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const { SUITE, DIST, REDIS_URL } = process.env;
const { testSuite: common } = require(join(SUITE, "test", "index"));
const { testSuite: specifics } = require(join(SUITE, "test", "specifics"));

/** What the suite calls for each of its three servers: an adapter, and how to close it. */
async function createAdapter() {
  const load = (name) => import(pathToFileURL(join(DIST, "cluster", "redis", name)).href);
  const [{ createRedisClients }, { createRedisAdapter }] = await Promise.all([load("clients.js"), load("adapter.js")]);
  const clients = createRedisClients({ url: REDIS_URL });
  while (clients.state() !== "up") await new Promise((resolve) => setTimeout(resolve, 5));
  const { adapterSubscriber } = clients;
  adapterSubscriber.PSUBSCRIBE = async (...given) => adapterSubscriber.pSubscribe(...given); // the suite's name for it
  const adapter = createRedisAdapter(clients, { own: "conformance", emitters: "socket.io" });
  return [adapter, () => void clients.close()];
}

describe("Classwire's adapter", () => {
  common(createAdapter);
  specifics(createAdapter, "redis@5", false);
});
