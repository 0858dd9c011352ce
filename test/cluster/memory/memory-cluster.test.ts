// The shared suite over the cluster of a single node.
import { describe } from "vitest";
import { createMemoryCluster } from "../../../src/cluster/memory/memory-cluster.ts";
import { clusterSuite } from "../cluster.suite.ts";

describe("memory cluster", () => clusterSuite(async () => createMemoryCluster(), "none"));
