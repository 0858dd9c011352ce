// The channels that a client of `/channels` hears without asking.
import { channelOf, EVERYONE } from "../../contract/channel-names.ts";
import type { Admission } from "../../realtime/admission.ts";

/** Its own channels of the kinds that its client knows; what is said to everyone comes with notifications. */
export function ownChannels({ identity, traits }: Pick<Admission, "identity" | "traits">): string[] {
  if (identity === undefined) return traits.subscribes.includes("notifications") ? [EVERYONE] : [];
  return traits.subscribes.flatMap((kind) => {
    if (kind === "notifications") return [channelOf.notifications(identity.id), EVERYONE];
    return kind === "messages" ? [channelOf.messages(identity.id)] : [];
  });
}
