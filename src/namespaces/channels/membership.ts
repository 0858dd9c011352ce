// Rooms of one socket of `/channels`: joining, leaving, and who is in them.
import { channelOf } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import type { ChannelsSocket } from "../../realtime/types.ts";
import type { SessionResumption } from "../session-resumption.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import type { RoomPresence } from "./room-presence.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What the rooms of one socket are made of. `joined` is shared with the subscriptions, and written only here. */
export interface MembershipParts {
  joined: Set<string>;
  subscriptions: Subscriptions;
  presence: RoomPresence;
  resumption: SessionResumption;
}

/** The rooms of one socket. */
export class Membership {
  readonly #socket: ChannelsSocket;
  readonly #parts: MembershipParts;
  readonly #dependencies: Pick<ChannelsDependencies, "limits">;

  constructor(socket: ChannelsSocket, parts: MembershipParts, dependencies: Pick<ChannelsDependencies, "limits">) {
    this.#socket = socket;
    this.#parts = parts;
    this.#dependencies = dependencies;
  }

  /**
   * Joins a room, and hears it from now on or from the offset `since`, where another connection was cut. Resolves with the
   * number of users in it. Rejects with `FORBIDDEN` for a guest, and with `RATE_LIMIT` at the limit of rooms.
   */
  async join(room: string, since?: number): Promise<number> {
    const { joined, subscriptions, presence, resumption } = this.#parts;
    const { limits } = this.#dependencies;
    const socket = this.#socket;
    const { user, identity } = socket.data.admission;
    if (identity === undefined) throw new Failure("FORBIDDEN");
    if (joined.has(room)) return presence.size(room);
    if (joined.size >= limits.roomsPerSocket.most) {
      throw new Failure("RATE_LIMIT", `at most ${limits.roomsPerSocket.most} rooms per connection`);
    }
    await subscriptions.join(room, since);
    await socket.join(channelOf.room(room));
    joined.add(room);
    const members = await presence.enter(room, user, socket.id);
    if (socket.connected) await resumption.joined(room);
    else presence.gone({ user, connection: socket.id, rooms: [room] });
    return members;
  }

  /** Leaves a room. Resolves with the number of users in it. */
  async leave(room: string): Promise<number> {
    const { joined, subscriptions, presence, resumption } = this.#parts;
    const socket = this.#socket;
    if (!joined.delete(room)) return presence.size(room);
    subscriptions.leave(channelOf.room(room));
    const members = await presence.leave(room, socket.data.admission.user, socket.id);
    await resumption.left(room);
    return members;
  }

  /** How many are in a room that this connection has joined, and who, unless they are too many to be named. */
  async members(room: string): Promise<{ online: string[]; members: number }> {
    this.assertIn(room);
    return this.#parts.presence.members(room);
  }

  /** Throws `FORBIDDEN` for a room that this connection has not joined. */
  assertIn(room: string): void {
    if (!this.#parts.joined.has(room)) throw new Failure("FORBIDDEN", `room ${room} is not joined`);
  }

  /** The connection is gone: its rooms are left after the grace period. */
  end(): void {
    const { joined, presence } = this.#parts;
    const { user } = this.#socket.data.admission;
    if (joined.size > 0) presence.gone({ user, connection: this.#socket.id, rooms: [...joined] });
    joined.clear();
  }
}
