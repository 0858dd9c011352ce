// Presence changes: who comes to a room and who goes is gathered for a while, and told in one piece.

/** What a room is told: who came, who went, and how many are in it now. Both lists are empty where there are too many to be named. */
export interface PresenceChange {
  readonly room: string;
  readonly joined: string[];
  readonly left: string[];
  readonly members: number;
}

/** How often what is told. */
export interface PresenceChangesOptions {
  /** Members up to which they are named. */
  readonly mostNamed: number;
  /** How long changes are gathered, in milliseconds. */
  readonly everyMs: number;
  /** The same for a room that hears a number only. */
  readonly crowdedEveryMs: number;
  /** How many members a room has now. */
  readonly size: (room: string) => Promise<number>;
  /** Which of `users` are in a room now. */
  readonly online: (room: string, users: string[]) => Promise<readonly string[]>;
  /** Tells those in the room. */
  readonly tell: (change: PresenceChange) => void;
  readonly onFault: (error: unknown) => void;
}

/** A room whose changes are gathered: for each user how often more it came than it went. */
interface Gathering {
  changes: Map<string, number>;
  timer: NodeJS.Timeout;
}

/**
 * The changes of rooms, as one node hears of them. Those of other nodes come in any order, also a leave before the join that it
 * followed: so what has been gathered says whom to look for, and the shared state who is there. Whoever adds `joined` to a set of
 * users and takes `left` away ends up with those who are there, whatever came twice.
 */
export class PresenceChanges {
  readonly #options: PresenceChangesOptions;
  readonly #rooms = new Map<string, Gathering>();
  #closed = false;

  constructor(options: PresenceChangesOptions) {
    this.#options = options;
  }

  /** A user came to a room (1) or went (-1). Who does both within the time that is gathered is not told of. */
  add(room: string, user: string, by: 1 | -1): void {
    if (this.#closed) return;
    let gathering = this.#rooms.get(room);
    if (gathering === undefined) {
      gathering = { changes: new Map(), timer: this.#later(room, this.#options.everyMs) };
      this.#rooms.set(room, gathering);
    }
    const { changes } = gathering;
    const sum = (changes.get(user) ?? 0) + by;
    if (sum === 0) changes.delete(user);
    else changes.set(user, sum);
  }

  /** Tells nothing any more. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#rooms.clear();
  }

  #later(room: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#over(room), ms).unref();
  }

  /** The time is over: tells what there is, and gathers on; nothing is kept of a room in which nothing happens. */
  async #over(room: string): Promise<void> {
    const gathering = this.#rooms.get(room);
    if (gathering === undefined) return;
    const { changes } = gathering;
    if (changes.size === 0) {
      this.#rooms.delete(room);
      return;
    }
    gathering.changes = new Map();
    const isCrowded = await this.#tell(room, changes).catch((error: unknown) => {
      this.#options.onFault(error);
      return false;
    });
    if (this.#closed) return;
    gathering.timer = this.#later(room, isCrowded ? this.#options.crowdedEveryMs : this.#options.everyMs);
  }

  /** Resolves with whether the room hears a number only. */
  async #tell(room: string, changes: ReadonlyMap<string, number>): Promise<boolean> {
    const { mostNamed, size, online, tell } = this.#options;
    const came = [...changes].flatMap(([user, sum]) => (sum > 0 ? [user] : []));
    const went = [...changes].flatMap(([user, sum]) => (sum < 0 ? [user] : []));
    const members = await size(room);
    // A room that had too many a moment ago knows nobody by name either: with empty lists it learns that it may ask now.
    if (Math.max(members, members - came.length + went.length, came.length) > mostNamed) {
      if (!this.#closed) tell({ room, joined: [], left: [], members });
      return true;
    }
    const there = new Set(await online(room, [...changes.keys()]));
    const joined = came.filter((user) => there.has(user));
    const left = went.filter((user) => !there.has(user));
    if (joined.length + left.length > 0 && !this.#closed) tell({ room, joined, left, members });
    return false;
  }
}
