// The presence that one node knows of: all there is in memory, its own connections beside Redis.
import { Holdings } from "./holdings.ts";

/** A connection of this node in a group. `session`: the Redis session that knows it, 0 if none does. */
export type PresenceEntry = {
  readonly kind: "presence";
  readonly group: string;
  readonly member: string;
  readonly connection: string;
  session: number;
};

/** Counts connections and members by its own entries alone. */
export class LocalPresence {
  readonly entries = new Holdings<PresenceEntry>();
  /** How many connections each member of a group has. */
  readonly #members = new Holdings<number>();

  /** See `Presence.enter`. */
  enter(group: string, member: string, connection: string): { first: boolean; members: number } {
    const first = this.add(group, member, connection, 0);
    return { first, members: this.#members.count(group) };
  }

  /** Notes a connection; whether it is its member's first here. */
  add(group: string, member: string, connection: string, session: number): boolean {
    if (this.entries.get(group, connection) !== undefined) return false;
    this.entries.set(group, connection, { kind: "presence", group, member, connection, session });
    const connections = (this.#members.get(group, member) ?? 0) + 1;
    this.#members.set(group, member, connections);
    return connections === 1;
  }

  /** See `Presence.leave`. */
  leave(group: string, member: string, connection: string): { last: boolean; members: number } {
    let last = false;
    if (this.entries.get(group, connection)?.member === member) {
      this.entries.delete(group, connection);
      const connections = (this.#members.get(group, member) ?? 1) - 1;
      last = connections === 0;
      if (last) this.#members.delete(group, member);
      else this.#members.set(group, member, connections);
    }
    return { last, members: this.#members.count(group) };
  }

  /** See `Presence.members`. */
  members(group: string): string[] {
    return [...new Set(this.entries.of(group).map((entry) => entry.member))].sort();
  }

  /** See `Presence.online`. */
  online(group: string, members: string[]): string[] {
    return members.filter((member) => this.#members.get(group, member) !== undefined);
  }

  /** See `Presence.size`. */
  size(group: string): { connections: number; members: number } {
    return { connections: this.entries.count(group), members: this.#members.count(group) };
  }

  /** Forgets everything. */
  clear(): void {
    this.entries.clear();
    this.#members.clear();
  }
}
