// Routes about connections: who is online, frames of a backend's own, and who must go.
import { z } from "zod";
import type { Revocations } from "../../auth/revocations.ts";
import type { Presence } from "../../cluster/presence.ts";
import { userId } from "../../contract/ids.ts";
import { disconnectBody } from "../../contract/operations.ts";
import { broadcastBody, sendBody } from "../../contract/publishing.ts";
import type { Broadcast } from "../../realtime/broadcast.ts";
import type { Control } from "../../realtime/control.ts";
import { type Route, route } from "../route.ts";

const accepted = z.object({ accepted: z.literal(true) });
const ACCEPTED = { accepted: true } as const;

const revocationBody = z.union(
  [z.strictObject({ userId }), z.strictObject({ tokenId: z.string().min(1).max(256) })],
  "exactly one of {userId} and {tokenId}",
);

/** What they stand on. */
export interface ConnectionRoutesOptions {
  broadcast: Broadcast;
  control: Pick<Control, "disconnectUser">;
  presence: Presence;
  revocations: Pick<Revocations, "revoke">;
}

/** Makes them. */
export function connectionRoutes({ broadcast, control, presence, revocations }: ConnectionRoutesOptions): Route[] {
  return [
    route({
      method: "get",
      path: "/api/ws/status",
      tag: "Connections",
      summary: "Connections and users in /channels, over all nodes",
      access: "network",
      answer: {
        status: 200,
        description: "online_count counts connections, online_users names each user once, sorted",
        schema: z.object({ online_count: z.int(), online_users: z.array(z.string()) }),
      },
      async handle() {
        const [{ connections }, users] = await Promise.all([presence.size("channels"), presence.members("channels")]);
        return { online_count: connections, online_users: users };
      },
    }),
    route({
      method: "post",
      path: "/api/ws/broadcast",
      tag: "Connections",
      summary: "Sends a frame of any type to everyone in /channels",
      access: "network",
      body: broadcastBody,
      answer: { status: 202, description: "Accepted; nothing is kept", schema: accepted },
      async handle({ body }) {
        await broadcast.push(body);
        return ACCEPTED;
      },
    }),
    route({
      method: "post",
      path: "/api/ws/send",
      tag: "Connections",
      summary: "Sends a frame of any type to one user in /channels",
      access: "network",
      body: sendBody,
      answer: {
        status: 202,
        description: "Accepted; nothing is kept. delivered: the user is connected now",
        schema: z.object({ delivered: z.boolean() }),
      },
      handle: async ({ body }) => ({ delivered: await broadcast.push(body) }),
    }),
    route({
      method: "post",
      path: "/api/v1/disconnect",
      tag: "Connections",
      summary: "Ends every connection of a user, on every node. With a valid token the user may come back",
      access: "backend",
      body: disconnectBody,
      answer: { status: 202, description: "Accepted", schema: accepted },
      async handle({ body }) {
        control.disconnectUser(body.userId);
        return ACCEPTED;
      },
    }),
    route({
      method: "post",
      path: "/api/v1/revocations",
      tag: "Connections",
      summary:
        "Makes a token void by its jti, or all tokens of a user that were issued before now, and ends the user's connections",
      access: "backend",
      body: revocationBody,
      answer: {
        status: 201,
        description: "Committed. before (epoch milliseconds): tokens of the user issued from then on are good",
        schema: z.object({ before: z.number() }),
      },
      async handle({ body }) {
        const user = "userId" in body ? body.userId : undefined;
        const before = await revocations.revoke("tokenId" in body ? body : { user: body.userId });
        if (user !== undefined) control.disconnectUser(user);
        return { before: before.getTime() };
      },
    }),
  ];
}
