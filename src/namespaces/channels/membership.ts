// Rooms of one socket of `/channels`: joining, leaving, and who is in them.
import type { Limits } from "../../config/limits.ts";
import type { LazySet } from "../../connection/lazy-set.ts";
import { channelOf } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import type { ChannelsSocket } from "../../realtime/types.ts";
import type { SessionResumption } from "../session-resumption.ts";
import type { RoomPresence } from "./room-presence.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What the rooms of one socket are made of. */
export interface MembershipParts {
  readonly socket: ChannelsSocket;
  /** Shared with the subscriptions, and written only here. */
  readonly joined: LazySet<string>;
  readonly subscriptions: Subscriptions;
  readonly resumption: SessionResumption;
}

/** The rooms of one socket. */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #presence: RoomPresence;
  readonly #limits: Pick<Limits, "roomsPerSocket">;

  constructor(parts: MembershipParts, presence: RoomPresence, limits: Pick<Limits, "roomsPerSocket">) {
    this.#parts = parts;
    this.#presence = presence;
    this.#limits = limits;
  }

  /**
   * Joins a room, and hears it from now on or from the offset `since`, where another connection was cut. Resolves with the
   * number of users in it. Rejects with `FORBIDDEN` for a guest, and with `RATE_LIMIT` at the limit of rooms.
   */
  async join(room: string, since?: number): Promise<number> {
    const { socket, joined, subscriptions, resumption } = this.#parts;
    const presence = this.#presence;
    const { most } = this.#limits.roomsPerSocket;
    const { user, identity } = socket.data.admission;
    if (identity === undefined) throw new Failure("FORBIDDEN");
    if (joined.has(room)) return presence.size(room);
    if (joined.size >= most) throw new Failure("RATE_LIMIT", `at most ${most} rooms per connection`);
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
    const { socket, joined, subscriptions, resumption } = this.#parts;
    const presence = this.#presence;
    if (!joined.delete(room)) return presence.size(room);
    subscriptions.leave(channelOf.room(room));
    const members = await presence.leave(room, socket.data.admission.user, socket.id);
    await resumption.left(room);
    return members;
  }

  /** How many are in a room that this connection has joined, and who, unless they are too many to be named. */
  async members(room: string): Promise<{ online: string[]; members: number }> {
    this.assertIn(room);
    return this.#presence.members(room);
  }

  /** Throws `FORBIDDEN` for a room that this connection has not joined. */
  assertIn(room: string): void {
    if (!this.#parts.joined.has(room)) throw new Failure("FORBIDDEN", `room ${room} is not joined`);
  }

  /** The connection is gone: its rooms are left after the grace period. */
  end(): void {
    const { socket, joined } = this.#parts;
    const { user } = socket.data.admission;
    if (joined.size > 0) this.#presence.gone({ user, connection: socket.id, rooms: [...joined] });
    joined.clear();
  }
}
