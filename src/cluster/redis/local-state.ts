// This node's own entries: what it decides by while Redis is away, and writes back when it returns.

import type { LeaseState } from "../leases.ts";
import { LeaseChanges } from "../local-state/lease-changes.ts";
import { type LeaseEntry, LocalLeases } from "../local-state/leases.ts";
import { LocalPresence, type PresenceEntry } from "../local-state/presence.ts";
import { LocalSlots, type SlotEntry } from "../local-state/slots.ts";
import type { OwnEntries, RedisSession } from "./redis-session.ts";
import { words } from "./replies.ts";

/** Entries per script call: two or three milliseconds of Redis' time. */
const CHUNK = 100;

type Entry = SlotEntry | LeaseEntry | PresenceEntry;

/** The six words that the script `register` takes per entry. */
const row = (entry: Entry): string[] => {
  if (entry.kind === "slot") return ["slot", entry.key, entry.holder, "", "", ""];
  if (entry.kind === "presence") return ["presence", entry.group, entry.connection, entry.member, "", ""];
  const { key, holder, counter, waiting, state } = entry;
  return ["lease", key, holder, String(counter), String(waiting), state === "active" ? "a" : "w"];
};

/** A list in pieces. */
const chunks = <T>(items: T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  );

/** What this node holds, and the changes of its leases. */
export class LocalState implements OwnEntries {
  readonly slots: LocalSlots;
  readonly leases = new LocalLeases();
  readonly presence = new LocalPresence();
  readonly leaseChanges = new LeaseChanges();
  readonly #redis: RedisSession;

  constructor(redis: RedisSession) {
    this.#redis = redis;
    this.slots = new LocalSlots(redis.node);
  }

  hasUnwritten(): boolean {
    for (const entry of this.#all()) if (entry.session !== this.#redis.session()) return true;
    return false;
  }

  async write(): Promise<void> {
    const session = this.#redis.session();
    const unwritten = [...this.#all()].filter((entry) => entry.session !== session);
    const sent = chunks(unwritten).map((entries) => {
      // Marked as it is sent: a release that comes from now on follows it to Redis.
      for (const entry of entries) entry.session = session;
      return this.#redis.send("register", this.#redis.keys.nodes, entries.flatMap(row), (reply) =>
        this.apply(words(reply)),
      );
    });
    await Promise.all(sent);
  }

  /** Takes over what Redis says about leases of this node: key, holder, state, key, holder, state … */
  apply(changes: string[]): void {
    for (let at = 0; at + 2 < changes.length; at += 3) {
      const [name = "", holder = "", state] = changes.slice(at, at + 3);
      const known = state === "active" || state === "waiting" ? state : "displaced";
      this.setLease(name, holder, known);
    }
  }

  /** Notes the state of one lease and tells the listeners if it has changed. */
  setLease(key: string, holder: string, state: LeaseState): void {
    const entry = this.leases.entries.get(key, holder);
    if (entry === undefined || entry.state === state) return;
    if (state === "displaced") this.leases.entries.delete(key, holder);
    else entry.state = state;
    this.leaseChanges.tell([{ key, holder, state }]);
  }

  /** The Redis keys of everything that is here, in pieces. */
  redisKeys(): string[][] {
    const keys = [
      ...this.slots.entries.keys().map((key) => this.#redis.keys.slot(key)),
      ...this.leases.entries.keys().map((key) => this.#redis.keys.lease(key)),
      ...this.presence.entries
        .keys()
        .flatMap((group) => [this.#redis.keys.presence(group), this.#redis.keys.members(group)]),
    ];
    return chunks(keys);
  }

  /** Forgets everything and tells nobody. */
  clear(): void {
    this.leaseChanges.close();
    this.slots.entries.clear();
    this.leases.entries.clear();
    this.presence.clear();
  }

  *#all(): Generator<Entry> {
    yield* this.slots.entries.all();
    yield* this.leases.entries.all();
    yield* this.presence.entries.all();
  }
}
