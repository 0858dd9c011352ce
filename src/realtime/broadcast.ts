// Broadcast: what is said now and not kept, to everyone, a user or a room, on every node.
import type { Cluster } from "../cluster/cluster.ts";
import { channelOf, roomOf } from "../contract/channel-names.ts";
import type { DataUpdate, SystemMessage } from "../contract/messaging.ts";
import type { AnyNamespace } from "./types.ts";

/** A frame of a backend's own type, as messenger clients know them. */
export interface PushFrame {
  type: string;
  to?: string;
  content: unknown;
}

/** Sends ephemeral events through the adapter. */
export interface Broadcast {
  /** To everyone in `/channels`; a missing code is 0. */
  system(message: SystemMessage): void;
  /** To everyone, or to one user or room. */
  dataUpdate(update: DataUpdate, to?: { user: string } | { room: string }): void;
  /** A frame of any type. Resolves with whether `to` is online; true without `to`. */
  push(frame: PushFrame): Promise<boolean>;
}

/** Makes the broadcast over the `/channels` namespace. */
export function createBroadcast(channels: AnyNamespace, cluster: Cluster): Broadcast {
  return {
    system(message) {
      channels.emit("system", { ...message, code: message.code ?? 0, timestamp: Date.now() });
    },
    dataUpdate(update, to) {
      const payload = { ...update, timestamp: Date.now() };
      if (to === undefined) channels.emit("data_update", payload);
      else channels.to("user" in to ? roomOf.user(to.user) : channelOf.room(to.room)).emit("data_update", payload);
    },
    async push(frame) {
      const [event, payload] = eventOf(frame);
      if (frame.to === undefined) {
        channels.emit(event, payload);
        return true;
      }
      channels.to(roomOf.user(frame.to)).emit(event, payload);
      const online = await cluster.presence.online("channels", [frame.to]);
      return online.length > 0;
    },
  };
}

/** `order_status` is an event of the contract; all other types travel in an envelope that each dialect may know. */
function eventOf(frame: PushFrame): [event: string, payload: unknown] {
  const { type, content } = frame;
  if (type === "order_status" && typeof content === "object" && content !== null) return [type, content];
  return ["push", frame];
}
