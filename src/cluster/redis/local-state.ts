/** This node's own entries: what it decides by while Redis is away, and writes back when it returns. */

import type { LeaseState } from "../leases.ts";
import { LeaseNews } from "../local-state/lease-changes.ts";
import { LeaseBook, type LeaseEntry } from "../local-state/leases.ts";
import { PresenceBook, type PresenceEntry } from "../local-state/presence.ts";
import { PlaceBook, type PlaceEntry } from "../local-state/slots.ts";
import { leaseKey, membersKey, NODES_KEY, placeKey, presentKey } from "./keys.ts";
import type { Link, Register } from "./redis-session.ts";
import { words } from "./replies.ts";

/** Entries per script call: two or three milliseconds of Redis' time. */
const CHUNK = 100;

type Entry = PlaceEntry | LeaseEntry | PresenceEntry;

/** The six words that register.lua takes per entry. */
const row = (entry: Entry): string[] => {
  if (entry.kind === "place") return ["place", entry.key, entry.holder, "", "", ""];
  if (entry.kind === "presence") return ["presence", entry.group, entry.connection, entry.member, "", ""];
  const { key, holder, counter, waiting, state } = entry;
  return ["lease", key, holder, String(counter), String(waiting), state === "active" ? "a" : "w"];
};

/** A list in pieces. */
const chunks = <T>(items: T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  );

/** The three books of this node and the news about its leases. */
export class Mirror implements Register {
  readonly places: PlaceBook;
  readonly leases = new LeaseBook();
  readonly presence = new PresenceBook();
  readonly news = new LeaseNews();
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
    this.places = new PlaceBook(link.node);
  }

  hasUnwritten(): boolean {
    for (const entry of this.#all()) if (entry.session !== this.#link.session()) return true;
    return false;
  }

  async write(): Promise<void> {
    const session = this.#link.session();
    const unwritten = [...this.#all()].filter((entry) => entry.session !== session);
    const sent = chunks(unwritten).map((entries) => {
      // Marked as it is sent: a release that comes from now on follows it to Redis.
      for (const entry of entries) entry.session = session;
      return this.#link.send("register", NODES_KEY, entries.flatMap(row), (reply) => this.apply(words(reply)));
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

  /** Notes the state of one lease and tells the listeners if it is news. */
  setLease(key: string, holder: string, state: LeaseState): void {
    const entry = this.leases.entries.get(key, holder);
    if (entry === undefined || entry.state === state) return;
    if (state === "displaced") this.leases.entries.delete(key, holder);
    else entry.state = state;
    this.news.tell([{ key, holder, state }]);
  }

  /** The Redis keys of everything that is here, in pieces. */
  redisKeys(): string[][] {
    const keys = [
      ...this.places.entries.keys().map(placeKey),
      ...this.leases.entries.keys().map(leaseKey),
      ...this.presence.entries.keys().flatMap((group) => [presentKey(group), membersKey(group)]),
    ];
    return chunks(keys);
  }

  /** Forgets everything and tells nobody. */
  clear(): void {
    this.news.close();
    this.places.entries.clear();
    this.leases.entries.clear();
    this.presence.clear();
  }

  *#all(): Generator<Entry> {
    yield* this.places.entries.all();
    yield* this.leases.entries.all();
    yield* this.presence.entries.all();
  }
}
