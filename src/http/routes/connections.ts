// Routes about connections: who is online, and who must go.
import type { Revocations } from "../../auth/revocations.ts";
import { GUESTS, ONLINE, type Presence } from "../../cluster/presence.ts";
import { connectionCalls } from "../../contract/operations.ts";
import type { Control } from "../../realtime/control.ts";
import { type Route, route } from "../route.ts";

/** What they stand on. */
export interface ConnectionRoutesOptions {
  control: Pick<Control, "disconnectUser">;
  presence: Presence;
  revocations: Pick<Revocations, "revoke">;
}

/** Creates the routes of connections and presence. */
export function connectionRoutes({ control, presence, revocations }: ConnectionRoutesOptions): Route[] {
  return [
    route(connectionCalls.getStatus, {
      async handle() {
        const [users, guests, names] = await Promise.all([
          presence.size(ONLINE),
          presence.size(GUESTS.group),
          presence.members(ONLINE),
        ]);
        return { online_count: users.connections + guests.connections, online_users: names };
      },
    }),
    route(connectionCalls.disconnectUser, {
      async handle({ body }) {
        control.disconnectUser(body.userId);
        return { accepted: true as const };
      },
    }),
    route(connectionCalls.revoke, {
      async handle({ body }) {
        const user = "userId" in body ? body.userId : undefined;
        const before = await revocations.revoke("tokenId" in body ? body : { user: body.userId });
        if (user !== undefined) control.disconnectUser(user);
        return { before: before.getTime() };
      },
    }),
  ];
}
