// The registry: the holders of places on this node, so that others can ask whether they still live, or send them away.
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import type { Held } from "../cluster/places.ts";

/** A holder's connection, as the registry uses it. */
export interface RegisteredConnection {
  /** Pings the client; false when no pong came in time. */
  probe(timeoutMs: number): Promise<boolean>;
  /** Ends the connection: it is dead, or somebody newer takes its place. */
  disconnect(why: "dead" | "replaced"): void;
}

/** The holders of this node and questions to those of others. */
export interface ConnectionRegistry {
  /** Enters a holder; returns how to unregister it off. */
  add(holder: string, entry: RegisteredConnection): () => void;
  /** Pings all of these, on whatever node, and ends the dead. Resolves soon after the time of a probe with those that live. */
  probe(held: readonly Held[]): Promise<ReadonlySet<string>>;
  /** Sends one away, on whatever node. */
  disconnect(held: Held): void;
}

const question = z.object({
  ask: z.enum(["probe", "disconnect"]),
  holders: z.array(z.string()).max(1000),
  id: z.string(),
});
const answer = z.object({ id: z.string(), alive: z.array(z.string()) });

/** What the answers of other nodes may take beyond the time that a connection has. */
const ROUND_TRIP_MS = 500;

/** Makes the registry of one node. A connection may take `probeMs` to answer a ping. */
export function createConnectionRegistry(cluster: Cluster, probeMs: number): ConnectionRegistry {
  const entries = new Map<string, RegisteredConnection>();
  const awaited = new Map<string, (alive: readonly string[]) => void>();
  const probing = new Map<string, Promise<ReadonlySet<string>>>();
  let questions = 0;

  /** Those of `holders` on this node that answer a ping. */
  async function probeHere(holders: readonly string[]): Promise<string[]> {
    const alive = await Promise.all(
      holders.map(async (holder) => {
        const entry = entries.get(holder);
        if (entry === undefined || (await entry.probe(probeMs))) return entry === undefined ? [] : [holder];
        entry.disconnect("dead");
        return [];
      }),
    );
    return alive.flat();
  }

  cluster.bus.subscribe("connection-question", (message) => {
    const asked = question.safeParse(message);
    if (!asked.success) return;
    const { ask, holders, id } = asked.data;
    const here = holders.filter((holder) => entries.has(holder));
    if (ask === "disconnect") for (const holder of here) entries.get(holder)?.disconnect("replaced");
    else void probeHere(here).then((alive) => cluster.bus.publish("connection-answer", { id, alive }));
  });
  cluster.bus.subscribe("connection-answer", (message) => {
    const answered = answer.safeParse(message);
    if (answered.success) awaited.get(answered.data.id)?.(answered.data.alive);
  });

  /** The same on the other nodes; all of them answer, also those that have none of the holders. */
  async function probeThere(holders: readonly string[]): Promise<string[]> {
    const others = (await cluster.bus.nodes()).length - 1;
    if (others === 0 || holders.length === 0) return [];
    const id = `${cluster.node}:${questions++}`;
    const found: string[] = [];
    let answers = 0;
    const all = new Promise<void>((resolve) =>
      awaited.set(id, (alive) => {
        found.push(...alive);
        if (++answers >= others) resolve();
      }),
    );
    cluster.bus.publish("connection-question", { ask: "probe", holders, id });
    await Promise.race([all, delay(probeMs + ROUND_TRIP_MS, undefined, { ref: false })]);
    awaited.delete(id);
    return found;
  }

  return {
    add(holder, entry) {
      entries.set(holder, entry);
      return () => {
        if (entries.get(holder) === entry) entries.delete(holder);
      };
    },
    probe(held) {
      // Whoever keeps coming back while a probe runs shares it: a full user costs one ping per connection at a time.
      const key = held
        .map(({ holder }) => holder)
        .sort()
        .join();
      const running = probing.get(key);
      if (running !== undefined) return running;
      const of = (here: boolean) =>
        held.filter(({ node }) => (node === cluster.node) === here).map(({ holder }) => holder);
      const probe = Promise.all([probeHere(of(true)), probeThere(of(false))])
        .then((alive) => new Set(alive.flat()))
        .finally(() => probing.delete(key));
      probing.set(key, probe);
      return probe;
    },
    disconnect({ holder, node }) {
      if (node === cluster.node) entries.get(holder)?.disconnect("replaced");
      else cluster.bus.publish("connection-question", { ask: "disconnect", holders: [holder], id: "" });
    },
  };
}
