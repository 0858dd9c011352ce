// What a node does from time to time: show that it lives, clear away the dead, and fetch what it has not heard.
import { Listeners } from "../listeners.ts";
import type { PresenceGone } from "../presence.ts";
import type { RedisClients } from "./clients.ts";
import type { LocalState } from "./local-state.ts";
import type { RedisSession } from "./redis-session.ts";
import { list, pairs, words } from "./replies.ts";
import { Unavailable } from "./unavailable.ts";

/** Refreshes between two comparisons of all leases. */
const AUDIT_EVERY = 10;

/** Runs while Redis is up. */
export class NodeMaintenance {
  readonly #redis: RedisSession;
  readonly #localState: LocalState;
  readonly #clients: RedisClients;
  readonly #gone = new Listeners<PresenceGone>();
  readonly #hear = () => this.#fetch();
  #timer: NodeJS.Timeout | undefined;
  #upSince = Number.POSITIVE_INFINITY;
  #touched = 0;
  #audited = Number.NEGATIVE_INFINITY;
  #fetching = false;
  #again = false;

  constructor(redis: RedisSession, localState: LocalState, clients: RedisClients) {
    this.#redis = redis;
    this.#localState = localState;
    this.#clients = clients;
    clients.subscriber.subscribe("channel", redis.keys.toNode(redis.node), this.#hear);
    redis.onChange((state) => {
      clearTimeout(this.#timer);
      if (state !== "up") return;
      this.#upSince = performance.now();
      this.#touched = this.#upSince;
      this.#audited = Number.NEGATIVE_INFINITY;
      this.#run(async () => {
        for (const session of redis.retired()) {
          await this.sweep(session);
          redis.swept(session);
        }
      });
      this.#schedule();
    });
  }

  /** See `Presence.onGone`. */
  onGone(listener: (gone: PresenceGone) => void): () => void {
    return this.#gone.add(listener);
  }

  /**
   * Clears away all entries of a session: a dead one, or one of this node. Who is present stays so for `lingerMs`, if given;
   * then another node tells that they have gone. @throws Unavailable
   */
  async sweep(session: string, lingerMs?: number): Promise<void> {
    const args = lingerMs === undefined ? [session] : [session, String(lingerMs)];
    for (let left = 1; left > 0; ) {
      left = await this.#redis.call("sweep", this.#redis.keys.nodes, args, (reply) => {
        const [rest, gone, changes] = list(reply);
        this.#localState.apply(words(changes));
        for (const [group, member] of pairs(words(gone))) this.#gone.tell({ group, member });
        return Number(rest);
      });
    }
  }

  /** Stops. */
  close(): void {
    clearTimeout(this.#timer);
    this.#gone.clear();
    this.#clients.subscriber.unsubscribe("channel", this.#redis.keys.toNode(this.#redis.node), this.#hear);
  }

  #schedule(): void {
    const pause = this.#clients.timing.refreshMs * (0.9 + Math.random() / 10);
    this.#timer = setTimeout(() => this.#run(() => this.#beat()), pause);
    this.#timer.unref();
  }

  /** A failure needs nothing more: the Redis session has seen it and joins again, which starts this again. */
  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!(error instanceof Unavailable)) this.#redis.report(error);
    });
  }

  async #beat(): Promise<void> {
    this.#schedule();
    const [changed, ...dead] = await this.#redis.call("beat", this.#redis.keys.nodes, [], words);
    if (changed !== "0") this.#fetch();
    await this.#touch();
    // After an outage the others come back as this node did: only then is who is still silent dead.
    if (performance.now() - this.#upSince < this.#clients.timing.ttlMs / 2) return;
    for (const session of dead) await this.sweep(session);
    await this.#audit();
  }

  /**
   * Soon after joining and every so often: compares all leases of this node with Redis, and promotes where an active
   * holder has not come back. Changes are told as they happen; this is for what no message and no note tells.
   */
  async #audit(): Promise<void> {
    if (performance.now() - this.#audited < this.#clients.timing.refreshMs * AUDIT_EVERY) return;
    this.#audited = performance.now();
    const keys = this.#localState.leases.entries.keys();
    for (let at = 0; at < keys.length; at += 100) {
      await this.#redis.call("lease-look", this.#redis.keys.nodes, keys.slice(at, at + 100), (reply) =>
        this.#compare(list(reply)),
      );
    }
  }

  /** Keys outlive their cluster by `keepMs` only, so the living refresh theirs. */
  async #touch(): Promise<void> {
    if (performance.now() - this.#touched < this.#clients.timing.keepMs / 3) return;
    this.#touched = performance.now();
    for (const keys of this.#localState.redisKeys())
      await this.#redis.call("touch", this.#redis.keys.nodes, keys, () => undefined);
  }

  /** Fetches lease changes: one request at a time, and one more if something came during it. */
  #fetch(): void {
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    this.#fetching = true;
    this.#run(async () => {
      try {
        do {
          this.#again = false;
          const left = await this.#redis.call("lease-changes", this.#redis.keys.nodes, [], (reply) => {
            const [more, ...rows] = list(reply);
            this.#compare(rows);
            return Number(more);
          });
          if (left > 0) this.#again = true;
        } while (this.#again);
      } finally {
        this.#fetching = false;
      }
    });
  }

  /**
   * Rows of a key and the holders of this node that Redis has under it, with their states: what this node believes to
   * have beyond that is displaced. A session that began meanwhile has learnt better by joining.
   */
  #compare(rows: unknown[]): void {
    if (this.#redis.state() !== "up") return;
    for (const row of rows) {
      const [key = "", ...flat] = words(row);
      const states = new Map(pairs(flat));
      for (const { holder } of this.#localState.leases.entries.of(key)) {
        const state = states.get(holder);
        this.#localState.setLease(key, holder, state === "active" || state === "waiting" ? state : "displaced");
      }
    }
  }
}
