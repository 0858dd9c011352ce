// The faults of the long soak, one after the other in an order of chance. Each is over when it returns.
import { setTimeout as sleep } from "node:timers/promises";
import { stall } from "../../test/faults/stall.ts";
import { cutConnections, poison } from "../../test/scenarios/poison.ts";
import type { Random } from "../../test/support/random.ts";
import type { Node, World } from "./world.ts";

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** It ends a node's process: memory is not compared across it. */
  readonly ends?: true;
  /** Lets it happen, for so long where it lasts. */
  happen(world: World, ms: number, random: Random): Promise<void>;
}

const HOUR = 3_600_000;

/** A line goes bad, and gets well again. */
function bad(what: string, lineOf: (world: World, node: Node) => Pick<Node["line"], "become">): Fault[] {
  return (["cut", "half-open", "trickling", "jittering"] as const).map((quality) => ({
    name: `${what} ${quality}`,
    async happen(world, ms, random) {
      const line = lineOf(world, random.pick(world.nodes));
      line.become(quality);
      await sleep(ms);
      line.become("well");
    },
  }));
}

/** All of them. */
export const FAULTS: readonly Fault[] = [
  {
    name: "a node killed",
    ends: true,
    happen: ({ nodes }, _ms, random) => random.pick(nodes).restart("SIGKILL"),
  },
  {
    name: "a node restarted in good order",
    ends: true,
    happen: ({ nodes }, _ms, random) => random.pick(nodes).restart("SIGTERM"),
  },
  { name: "a node stalled for 5 s", happen: ({ nodes }, _ms, random) => stall(random.pick(nodes).server, 5000) },
  ...[HOUR, -HOUR].map((jump) => ({
    name: `a clock ${jump > 0 ? "an hour ahead" : "an hour behind"}`,
    async happen({ nodes }: World, ms: number, random: Random) {
      const { clock } = random.pick(nodes);
      clock.jump(jump);
      await sleep(ms);
      clock.jump(0);
    },
  })),
  {
    name: "Redis killed and empty",
    async happen({ redis }, ms) {
      await redis.stop();
      await sleep(ms);
      await redis.restart();
    },
  },
  {
    name: "Redis frozen",
    async happen({ redis }, ms) {
      redis.pause();
      await sleep(ms);
      redis.resume();
    },
  },
  { name: "Redis cut 5 times", happen: ({ redis }) => cutConnections(redis.url, 5, 300) },
  { name: "Redis poisoned", happen: ({ redis }, ms) => poison(redis.url, ms / 5, 200) },
  {
    name: "bits of Redis messages flipped",
    async happen({ nodes }, ms) {
      for (const { redis } of nodes) redis.flipOneIn(5);
      await sleep(ms);
      for (const { redis } of nodes) redis.flipOneIn(0);
    },
  },
  {
    name: "PostgreSQL crashed",
    async happen({ postgres }) {
      await postgres.crash();
      await postgres.start();
    },
  },
  {
    name: "PostgreSQL frozen",
    async happen({ postgres }, ms) {
      postgres.pause();
      await sleep(ms);
      postgres.resume();
    },
  },
  ...bad("the line to PostgreSQL", ({ postgresLine }) => postgresLine),
  ...bad("a line to Redis", (_world, node) => node.redis),
  ...bad("a line of clients", (_world, node) => node.line),
];
