// Load on one node that remembers what it holds, so that Redis can be compared with it afterwards.

import { setTimeout as sleep } from "node:timers/promises";
import type { RedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import { printedRandom } from "../../support/random.ts";

const random = printedRandom("chaos load");

const LIMIT = 8;
const pick = (count: number): number => Math.floor(random.fraction() * count);

/** Takes and releases at random on a few keys until it is stopped. */
export class ChaosLoad {
  /** `<key> <holder>` of slots. */
  readonly slots = new Set<string>();
  /** `<key> <holder>` → `active` or `waiting`. */
  readonly leases = new Map<string, string>();
  /** `<group> <connection>` → member. */
  readonly presence = new Map<string, string>();
  readonly #cluster: RedisCluster;
  readonly #keys: readonly string[];
  #serial = 0;
  #running = false;

  constructor(cluster: RedisCluster, keys: readonly string[]) {
    this.#cluster = cluster;
    this.#keys = keys;
    cluster.leases.onChange(({ key, holder, state }) => {
      const id = `${key} ${holder}`;
      if (state === "displaced") this.leases.delete(id);
      else if (this.leases.has(id)) this.leases.set(id, state);
    });
  }

  /** Starts so many workers; resolves when they have stopped. */
  async run(workers: number): Promise<void> {
    this.#running = true;
    await Promise.all(Array.from({ length: workers }, () => this.#work()));
  }

  /** Lets the workers finish what they are at. */
  stop(): void {
    this.#running = false;
  }

  /** Releases about half of what it holds. */
  async thin(): Promise<void> {
    const chosen = () => pick(2) === 0;
    await Promise.all([
      ...[...this.slots].filter(chosen).map((id) => this.#leavePlace(id)),
      ...[...this.leases.keys()].filter(chosen).map((id) => this.#leaveLease(id)),
      ...[...this.presence].filter(chosen).map(([id, member]) => this.#leaveGroup(id, member)),
    ]);
  }

  async #work(): Promise<void> {
    const kinds = [() => this.#place(), () => this.#lease(), () => this.#group()];
    while (this.#running) {
      await kinds[pick(kinds.length)]?.();
      await sleep(pick(10));
    }
  }

  #next(): [key: string, holder: string, id: string] {
    this.#serial += 1;
    const key = this.#keys[pick(this.#keys.length)] ?? "";
    const holder = `${this.#cluster.node}-${this.#serial}`;
    return [key, holder, `${key} ${holder}`];
  }

  async #place(): Promise<void> {
    const [key, holder, id] = this.#next();
    const taken = this.#cluster.slots.take(key, holder, LIMIT);
    if (pick(4) === 0) return this.#cluster.slots.release(key, holder); // gone before it is answered
    if (!(await taken).ok) return;
    this.slots.add(id);
    if (pick(3) > 0) await this.#leavePlace(id);
  }

  async #lease(): Promise<void> {
    const [key, holder, id] = this.#next();
    const taken = this.#cluster.leases.take(key, holder, { waiting: pick(2) * 4 });
    if (pick(4) === 0) return this.#cluster.leases.release(key, holder);
    if (!(await taken).ok) return;
    this.leases.set(id, "active");
    if (pick(3) > 0) await this.#leaveLease(id);
  }

  async #group(): Promise<void> {
    const [key, connection, id] = this.#next();
    const member = `m${pick(6)}`;
    const entered = this.#cluster.presence.enter(key, member, connection);
    if (pick(4) === 0) {
      await this.#cluster.presence.leave(key, member, connection);
      return;
    }
    await entered;
    this.presence.set(id, member);
    if (pick(3) > 0) await this.#leaveGroup(id, member);
  }

  async #leavePlace(id: string): Promise<void> {
    const [key = "", holder = ""] = id.split(" ");
    this.slots.delete(id);
    await this.#cluster.slots.release(key, holder);
  }

  async #leaveLease(id: string): Promise<void> {
    const [key = "", holder = ""] = id.split(" ");
    this.leases.delete(id);
    await this.#cluster.leases.release(key, holder);
  }

  async #leaveGroup(id: string, member: string): Promise<void> {
    const [key = "", connection = ""] = id.split(" ");
    this.presence.delete(id);
    await this.#cluster.presence.leave(key, member, connection);
  }
}
