// What the long soak runs on: PostgreSQL and Redis behind lines that may fail, two nodes whose clocks may jump, and lines to the nodes.
import { freePorts } from "../../scripts/free-ports.mjs";
import { type FlippingLine, openFlippingLine } from "../../test/faults/bit-flips.ts";
import { makeClock, type SettableClock } from "../../test/faults/clock.ts";
import { type Line, openLine } from "../../test/faults/line.ts";
import { type Postgres, startPostgres } from "../../test/support/postgres.ts";
import { type Redis, startRedis } from "../../test/support/redis.ts";
import { type SpawnedServer, spawnServer } from "../../test/support/spawn-server.ts";

/** A node that may be killed and started again on the same port. */
export interface Node {
  readonly url: string;
  /** The process of now. */
  readonly server: SpawnedServer;
  readonly clock: SettableClock;
  /** Its own line to Redis. */
  readonly redis: FlippingLine;
  /** A line to it, for some of the clients. */
  readonly line: Line;
  /** Ends the process by this signal, and starts another. */
  restart(signal: NodeJS.Signals): Promise<void>;
}

/** All of it. Stop it when done. */
export interface World {
  readonly postgres: Postgres;
  readonly database: string;
  readonly redis: Redis;
  /** The nodes' line to PostgreSQL. */
  readonly postgresLine: Line;
  readonly nodes: readonly [Node, Node];
  /** What nodes have printed that they never should. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

const GARBAGE = new URL("./garbage.mjs", import.meta.url).href;

/** Starts it. `env` goes to both nodes. */
export async function startWorld(env: Record<string, string>, seed: number): Promise<World> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const postgresLine = await openLine({ port: () => postgres.port });
  const database = new URL(await postgres.createDatabase()).pathname.slice(1);
  const shared = { ...env, DATABASE_URL: `postgres://postgres@127.0.0.1:${postgresLine.port}/${database}` };
  const faults: string[] = [];
  const ports = await freePorts(2);
  const startNode = async (index: number): Promise<Node & { stop(): Promise<void> }> => {
    const port = ports[index] ?? 0;
    const clock = makeClock();
    const line = await openFlippingLine(() => redis.port, "messages", seed + index);
    const clientLine = await openLine({ port: () => port, seed: seed + 10 + index });
    const own = {
      ...shared,
      ...clock.env,
      NODE_OPTIONS: `${clock.env["NODE_OPTIONS"]} --import ${GARBAGE}`,
      PORT: String(port),
      REDIS_URL: line.url,
    };
    let server = await spawnServer(own, { built: true });
    const ended = (): void =>
      void faults.push(...server.lines.filter((text) => /unhandled|uncaught|"level":60/i.test(text)).slice(0, 5));
    return {
      url: server.url,
      get server() {
        return server;
      },
      clock,
      redis: line,
      line: clientLine,
      async restart(signal) {
        server.kill(signal);
        await server.exited;
        ended();
        server = await spawnServer(own, { built: true });
      },
      async stop() {
        await server.stop();
        ended();
        await clientLine.close();
        await line.close();
        clock.remove();
      },
    };
  };
  const nodes = await Promise.all([startNode(0), startNode(1)]);
  return {
    postgres,
    database,
    redis,
    postgresLine,
    nodes,
    faults,
    async stop() {
      postgres.resume();
      redis.resume();
      await Promise.all(nodes.map((node) => node.stop()));
      await postgresLine.close();
      await redis.stop();
      await postgres.stop();
    },
  };
}
