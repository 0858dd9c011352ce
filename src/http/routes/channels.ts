// The route that reads a channel: its kept events, for backends and for whoever may subscribe to it.
import { z } from "zod";
import type { Presence } from "../../cluster/presence.ts";
import { type ChannelKind, channelOf, EVERYONE } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import { type Identity, isPrivileged } from "../../contract/identity.ts";
import { isWholeNumberId, roomName, sessionId, userId } from "../../contract/ids.ts";
import { connectionCalls } from "../../contract/operations.ts";
import { parse } from "../../contract/parse.ts";
import type { EventLog } from "../../event-log/event-log.ts";
import type { Services } from "../../services/services.ts";
import { caller, type Route, route } from "../route.ts";

/** What the id of a channel must be, by kind: the user, room or session that it is of, not its encoded form. */
const IDS: Record<ChannelKind, z.ZodType<string>> = {
  dashboard: userId.refine(isWholeNumberId, "must be a whole number"),
  notifications: userId,
  messages: userId,
  rooms: roomName,
  "run-results": sessionId,
};

/** The id under which the channel of notifications to everyone is read. */
const EVERYONE_ID = EVERYONE.slice("notifications/".length);

/** Creates the routes that read channels. */
export function channelRoutes(
  eventLog: EventLog,
  { runSessions }: Pick<Services, "runSessions">,
  presence: Presence,
): Route[] {
  /** The same as for a subscription; a room is read by whoever is in it now, with any connection. */
  async function mayRead(identity: Identity, kind: ChannelKind, id: string): Promise<boolean> {
    if (isPrivileged(identity)) return true;
    if (kind === "run-results") return (await runSessions.owner(id)) === identity.id;
    if (kind === "rooms") return (await presence.online(`room:${id}`, [identity.id])).length > 0;
    return id === identity.id || (kind === "notifications" && id === EVERYONE_ID);
  }

  return [
    route(connectionCalls.listEvents, {
      async handle(call) {
        const { kind } = call.params;
        const { id } = parse(z.object({ id: IDS[kind] }), call.params);
        if (!(await mayRead(caller(call), kind, id))) throw new Failure("FORBIDDEN");
        const { events, oldest, head } = await eventLog.read(nameOf(kind, id), call.query.since, call.query.limit);
        return { events: events.map(({ channel: _channel, ...event }) => event), epoch: eventLog.epoch, oldest, head };
      },
    }),
  ];
}

function nameOf(kind: ChannelKind, id: string): string {
  switch (kind) {
    case "rooms":
      return channelOf.room(id);
    case "run-results":
      return channelOf.runResults(id);
    case "notifications":
      return id === EVERYONE_ID ? EVERYONE : channelOf.notifications(id);
    default:
      return channelOf[kind](id);
  }
}
