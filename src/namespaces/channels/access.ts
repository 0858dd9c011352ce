// Who may subscribe to which channel.
import { type ChannelName, EVERYONE, ownerOf } from "../../contract/channel-names.ts";
import type { Identity } from "../../contract/identity.ts";
import { isPrivileged } from "../../contract/identity.ts";

/** `pending`: a run session without an owner yet; it is decided when it is registered. */
export type Access = "yes" | "no" | "pending";

/** What is asked of the rest of the server to decide. */
export interface AccessQuestions {
  hasJoined: (room: string) => boolean;
  ownerOfSession: (session: string) => Promise<string | undefined>;
}

/** Whether a user (undefined: a guest) may subscribe to a channel by name. */
export async function accessTo(
  channel: ChannelName,
  identity: Identity | undefined,
  { hasJoined, ownerOfSession }: AccessQuestions,
): Promise<Access> {
  if (identity === undefined || channel.kind === "dashboard") return "no";
  if (isPrivileged(identity) || channel.name === EVERYONE) return "yes";
  if (channel.kind === "rooms") return hasJoined(channel.id) ? "yes" : "no";
  if (channel.kind !== "run-results") return ownerOf(channel) === identity.id ? "yes" : "no";
  const owner = await ownerOfSession(channel.id);
  if (owner === undefined) return "pending";
  return owner === identity.id ? "yes" : "no";
}
