// The shared suite over one node of a cluster on Redis.
import { describe } from "vitest";
import { createRedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import { eventually } from "../../support/eventually.ts";
import { sharedRedis } from "../../support/shared.ts";
import { clusterSuite } from "../cluster.suite.ts";

const open = async () => {
  const cluster = createRedisCluster({ url: await sharedRedis(), prefix: "classwire" });
  await eventually(() => cluster.health().redis === "up");
  return cluster;
};

describe("redis cluster", () => clusterSuite(open, "up"));
