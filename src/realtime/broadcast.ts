// Broadcast: what is said now and not kept, to everyone, a user or a room, on every node.
import type { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import { ONLINE } from "../cluster/presence.ts";
import { channelOf, roomOf } from "../contract/channel-names.ts";
import type { DataUpdate, orderStatus, SystemMessage } from "../contract/messaging.ts";
import type { ChannelsNamespace } from "./types.ts";

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

/** Creates the broadcast over the `/channels` namespace. */
export function createBroadcast(channels: ChannelsNamespace, cluster: Cluster): Broadcast {
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
      const target = frame.to === undefined ? channels : channels.to(roomOf.user(frame.to));
      // `order_status` is an event of the contract; all other types travel in an envelope that each dialect may know.
      if (isOrderStatus(frame)) target.emit("order_status", frame.content);
      else target.emit("push", frame);
      if (frame.to === undefined) return true;
      const online = await cluster.presence.online(ONLINE, [frame.to]);
      return online.length > 0;
    },
  };
}

/** What an order's content says is the backend's own word: it goes on as it is. */
function isOrderStatus(frame: PushFrame): frame is PushFrame & { content: z.output<typeof orderStatus> } {
  return frame.type === "order_status" && typeof frame.content === "object" && frame.content !== null;
}
