// The connection registry: the connections of this node, so that others can ask whether they still live, or disconnect them.
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import type { Held } from "../cluster/slots.ts";

/** A connection as the registry uses it. */
export interface RegisteredConnection {
  /** Pings the client; false when no pong came in time. */
  probe(timeoutMs: number): Promise<boolean>;
  /** Ends the connection: it is dead, or a newer one takes its slot. */
  disconnect(why: "dead" | "replaced"): void;
}

const QUESTIONS = "connection-question";
const ANSWERS = "connection-answer";
const question = z.object({
  ask: z.enum(["probe", "disconnect"]),
  holders: z.array(z.string()).max(1000),
  id: z.string(),
});
const answer = z.object({ id: z.string(), alive: z.array(z.string()) });

/** What the answers of other nodes may take beyond the time that a connection has. */
const ROUND_TRIP_MS = 500;

/** The connections of this node by the name in which they hold their slots, and questions to those of other nodes. */
export class ConnectionRegistry {
  readonly #cluster: Cluster;
  readonly #probeMs: number;
  readonly #connections = new Map<string, RegisteredConnection>();
  /** By the id of a question, who takes the answers. */
  readonly #awaited = new Map<string, (alive: readonly string[]) => void>();
  /** Probes that run, by the holders that they ask. */
  readonly #probes = new Map<string, Promise<ReadonlySet<string>>>();
  #questions = 0;

  /** A connection may take `probeMs` milliseconds to answer a ping. */
  constructor(cluster: Cluster, probeMs: number) {
    this.#cluster = cluster;
    this.#probeMs = probeMs;
    cluster.bus.subscribe(QUESTIONS, (message) => {
      const asked = question.safeParse(message);
      if (asked.success) this.#onQuestion(asked.data);
    });
    cluster.bus.subscribe(ANSWERS, (message) => {
      const answered = answer.safeParse(message);
      if (answered.success) this.#awaited.get(answered.data.id)?.(answered.data.alive);
    });
  }

  /** Registers a connection. */
  add(holder: string, connection: RegisteredConnection): void {
    this.#connections.set(holder, connection);
  }

  /** Removes it, unless another one has been registered in its place. */
  remove(holder: string, connection: RegisteredConnection): void {
    if (this.#connections.get(holder) === connection) this.#connections.delete(holder);
  }

  /** Whether a connection of this node holds its slots in this name. */
  has(holder: string): boolean {
    return this.#connections.has(holder);
  }

  /**
   * Pings all of these, on whatever node, and ends the dead. Resolves soon after the time of a probe with those that live, and
   * those that cannot be asked because Redis is away.
   */
  probe(held: readonly Held[]): Promise<ReadonlySet<string>> {
    // Whoever keeps coming back while a probe runs shares it: a full user costs one ping per connection at a time.
    const key = held
      .map(({ holder }) => holder)
      .sort()
      .join();
    const running = this.#probes.get(key);
    if (running !== undefined) return running;
    const holders = (here: boolean): string[] =>
      held.filter(({ node }) => (node === this.#cluster.node) === here).map(({ holder }) => holder);
    const probe = Promise.all([this.#probeHere(holders(true)), this.#probeElsewhere(holders(false))])
      .then((alive) => new Set(alive.flat()))
      .finally(() => this.#probes.delete(key));
    this.#probes.set(key, probe);
    return probe;
  }

  /** Disconnects one, on whatever node, because a newer one takes its slot. */
  disconnect({ holder, node }: Held): void {
    if (node === this.#cluster.node) this.#connections.get(holder)?.disconnect("replaced");
    else this.#cluster.bus.publish(QUESTIONS, { ask: "disconnect", holders: [holder], id: "" });
  }

  #onQuestion({ ask, holders, id }: z.output<typeof question>): void {
    const here = holders.filter((holder) => this.#connections.has(holder));
    if (ask === "disconnect") for (const holder of here) this.#connections.get(holder)?.disconnect("replaced");
    else void this.#probeHere(here).then((alive) => this.#cluster.bus.publish(ANSWERS, { id, alive }));
  }

  /** Those of `holders` on this node that answer a ping. */
  async #probeHere(holders: readonly string[]): Promise<string[]> {
    const alive = await Promise.all(
      holders.map(async (holder) => {
        const connection = this.#connections.get(holder);
        if (connection === undefined || (await connection.probe(this.#probeMs))) {
          return connection === undefined ? [] : [holder];
        }
        connection.disconnect("dead");
        return [];
      }),
    );
    return alive.flat();
  }

  /** The same on the other nodes; all of them answer, also those that have none of the holders. */
  async #probeElsewhere(holders: readonly string[]): Promise<readonly string[]> {
    const { bus, node } = this.#cluster;
    if (holders.length === 0) return [];
    const others = (await bus.nodes()).length - 1;
    if (this.#isAlone()) return holders;
    if (others === 0) return [];
    const id = `${node}:${this.#questions++}`;
    const found: string[] = [];
    let answers = 0;
    const all = new Promise<void>((resolve) =>
      this.#awaited.set(id, (alive) => {
        found.push(...alive);
        if (++answers >= others) resolve();
      }),
    );
    bus.publish(QUESTIONS, { ask: "probe", holders, id });
    await Promise.race([all, delay(this.#probeMs + ROUND_TRIP_MS, undefined, { ref: false })]);
    this.#awaited.delete(id);
    return answers < others && this.#isAlone() ? holders : found;
  }

  #isAlone(): boolean {
    return this.#cluster.health().redis === "down";
  }
}
