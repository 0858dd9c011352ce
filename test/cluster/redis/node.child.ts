// A node in a process of its own, to be killed or frozen: takes what it is told to and prints what happens to it.
import { createRedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";

const [url = "", timing = "{}", key = "", waiting = "0"] = process.argv.slice(2);
const cluster = createRedisCluster({ url, prefix: "classwire", timing: JSON.parse(timing) });
const holder = `child-${cluster.node}`;
cluster.leases.onChange((change) => console.log(`lease ${change.state}`));
await cluster.ready();
await cluster.slots.take(key, holder, 10);
await cluster.presence.enter(key, "ann", holder);
const lease = await cluster.leases.take(key, holder, { waiting: Number(waiting) });
console.log(`has ${holder} ${JSON.stringify(lease)}`);
process.on("SIGTERM", () => void cluster.close().then(() => process.exit(0)));
setInterval(() => undefined, 1_000);
