// A Redis primary with a replica behind one address, as a failover of a managed service moves it.
import { createClient } from "redis";
import { startCuttable } from "../support/cuttable.ts";
import { eventually } from "../support/eventually.ts";
import { startRedis } from "../support/redis.ts";

/** The pair. Stop it when done. */
export interface RedisPair {
  /** The address that moves. */
  readonly url: string;
  /** The replica becomes the primary, and new connections lead to it; the old primary becomes its replica, and connections to it stay. */
  failOver(): Promise<void>;
  /** How many connections listen on the primary of now, for whatever channel or pattern. */
  listeners(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startRedisPair(): Promise<RedisPair> {
  let [primary, replica] = await Promise.all([startRedis(), startRedis()]);
  const address = await startCuttable(() => primary.port);
  const order = async (url: string, ...command: string[]): Promise<unknown> => {
    const client = await createClient({ url }).connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  };
  const follow = async (): Promise<void> => {
    await order(replica.url, "REPLICAOF", "127.0.0.1", String(primary.port));
    await eventually(async () =>
      String(await order(replica.url, "INFO", "replication")).includes("master_link_status:up"),
    );
  };
  await follow();
  return {
    url: `redis://127.0.0.1:${new URL(address.url).port}`,
    async failOver() {
      await order(replica.url, "REPLICAOF", "NO", "ONE");
      [primary, replica] = [replica, primary];
      await follow();
    },
    async listeners() {
      const clients = String(await order(primary.url, "CLIENT", "LIST", "TYPE", "PUBSUB"));
      return clients.split("\n").filter((line) => line.includes("id=")).length;
    },
    async stop() {
      await address.close();
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}
