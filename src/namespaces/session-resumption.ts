// Session resumption: a raw client does not ask for what it missed, so its next connection goes on where this one was cut.
import { LazySet } from "../connection/lazy-set.ts";
import type { ConnectionRegistry } from "../realtime/connection-registry.ts";
import { type Ending, onEnd } from "../realtime/endings.ts";
import type { AnySocket } from "../realtime/types.ts";
import type {
  Kept,
  LivingOf,
  ResumableSession,
  ResumableSessions,
  ResumedState,
} from "../services/session-resumption.ts";

/** One connection's part in it. All of it does nothing for clients that recover by themselves. */
export interface SessionResumption {
  /** What the user's last cut connection of this dialect left, once. */
  claim(): Promise<ResumedState>;
  /** A channel is heard from `offset` on, unless the client is known to have less of it. Resolves when that is kept. */
  keep(channel: string, offset: number): Promise<void>;
  /** A channel is not heard any more. */
  drop(channel: string): void;
  /** The client has everything up to `offset`. */
  acknowledged(channel: string, offset: number): void;
  /** A room is joined. Resolves when that is kept. */
  joined(room: string): Promise<void>;
  /** A room is left. Resolves when that is kept. */
  left(room: string): Promise<void>;
}

/** Gives each connection its part. */
export interface SessionResumptions {
  of(socket: AnySocket): SessionResumption;
  close(): void;
}

/** What the connections of one node share. */
interface Shared {
  readonly sessions: ResumableSessions;
  readonly node: string;
  /** Pings connections on whatever node, and ends the dead. */
  readonly registry: Pick<ConnectionRegistry, "probe" | "has">;
  readonly onFault: (error: unknown) => void;
}

const NOTHING: ResumedState = { rooms: [], cursors: {} };
const NO_RESUMPTION: SessionResumption = {
  claim: async () => NOTHING,
  keep: async () => undefined,
  drop: () => undefined,
  acknowledged: () => undefined,
  joined: async () => undefined,
  left: async () => undefined,
};
/** Acks come often, and one that is lost only repeats an event: they are saved together after this time. */
const SAVE_ACKS_AFTER_MS = 1000;
/** The pause between two searches for what was left behind; little is, and all open sessions of the node are read for it. */
const SWEEP_EVERY_MS = 600_000;

/** Creates the session resumption of one node. */
export function createSessionResumptions(shared: Shared): SessionResumptions {
  const { sessions, registry, onFault } = shared;
  const timer = setInterval(() => {
    sessions.sweep((id) => registry.has(id)).catch(onFault);
  }, SWEEP_EVERY_MS).unref();
  return {
    close: () => clearInterval(timer),
    of(socket) {
      const { traits, liveOnly } = socket.data.admission;
      return traits.resumes && !liveOnly ? new RawSessionResumption(socket, shared) : NO_RESUMPTION;
    },
  };
}

/** The rooms and cursors of one raw connection, kept for the next one of its user. */
class RawSessionResumption implements SessionResumption, Ending {
  readonly #socket: AnySocket;
  readonly #shared: Shared;
  readonly #rooms = new LazySet<string>();
  readonly #cursors: Record<string, number> = {};
  #claimed: Promise<ResumedState> | undefined;
  #saving: Promise<void> | undefined;
  #saveTimer: NodeJS.Timeout | undefined;

  constructor(socket: AnySocket, shared: Shared) {
    this.#socket = socket;
    this.#shared = shared;
    onEnd(socket, this);
  }

  ended(): void {
    clearTimeout(this.#saveTimer);
    this.#end(this.#socket.data.connection.endedCleanly).catch(this.#shared.onFault);
  }

  claim(): Promise<ResumedState> {
    this.#claimed ??= this.#claim();
    return this.#claimed;
  }

  keep(channel: string, offset: number): Promise<void> {
    this.#cursors[channel] = Math.min(offset, this.#cursors[channel] ?? offset);
    return this.#save();
  }

  drop(channel: string): void {
    delete this.#cursors[channel];
    this.#saveLater();
  }

  acknowledged(channel: string, offset: number): void {
    if ((this.#cursors[channel] ?? offset) >= offset) return;
    this.#cursors[channel] = offset;
    this.#saveLater();
  }

  joined(room: string): Promise<void> {
    this.#rooms.add(room);
    return this.#save();
  }

  left(room: string): Promise<void> {
    this.#rooms.delete(room);
    return this.#save();
  }

  async #claim(): Promise<ResumedState> {
    const { user, traits, connection } = this.#socket.data.admission;
    const livingOf: LivingOf = (others) => this.#livingOf(others);
    const resumed = (await this.#shared.sessions.claim(user, traits.speaks, connection, livingOf)) ?? NOTHING;
    for (const room of resumed.rooms) this.#rooms.add(room);
    Object.assign(this.#cursors, resumed.cursors);
    return resumed;
  }

  /** A client is often back before its node knows that its old line is dead. Other tabs of the user answer, and keep what is theirs. */
  async #livingOf(others: readonly Kept[]): Promise<ReadonlySet<string> | undefined> {
    const { registry, node } = this.#shared;
    const living = await registry.probe(others.map(({ id, node: at }) => ({ holder: id, node: at })));
    if (living.size === others.length) return living;
    // That took its time, in which its own line may have died as well.
    const { connection } = this.#socket.data.admission;
    return (await registry.probe([{ holder: connection, node }])).has(connection) ? living : undefined;
  }

  #session(): ResumableSession {
    const { connection, user, traits } = this.#socket.data.admission;
    const { node } = this.#shared;
    return {
      id: connection,
      user,
      dialect: traits.speaks,
      node,
      rooms: [...this.#rooms],
      cursors: { ...this.#cursors },
    };
  }

  /** Whatever changes in one turn of the event loop is saved together. */
  #save(): Promise<void> {
    this.#saving ??= Promise.resolve().then(async () => {
      this.#saving = undefined;
      if (this.#socket.connected) await this.#shared.sessions.save(this.#session());
    });
    return this.#saving;
  }

  #saveLater(): void {
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save().catch(this.#shared.onFault);
    }, SAVE_ACKS_AFTER_MS);
  }

  /** What is on its way to this connection has to arrive before it can be left to the next one. */
  async #end(clean: boolean): Promise<void> {
    await this.#claimed?.catch(() => undefined);
    const { sessions } = this.#shared;
    await (clean ? sessions.discard(this.#session()) : sessions.end(this.#session()));
  }
}
