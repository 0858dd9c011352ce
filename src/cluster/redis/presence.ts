// Presence over Redis.
import type { Presence } from "../presence.ts";
import { InFlight } from "./in-flight.ts";
import type { LocalState } from "./local-state.ts";
import type { NodeMaintenance } from "./node-maintenance.ts";
import type { RedisSession } from "./redis-session.ts";
import { list, words } from "./replies.ts";

/** Presence that all nodes share; each node knows its own connections while Redis is away. */
export const createRedisPresence = (
  redis: RedisSession,
  localState: LocalState,
  maintenance: NodeMaintenance,
): Presence => {
  const inFlight = new InFlight();
  const held = localState.presence;
  return {
    enter: async (group, member, connection) => {
      const pending = inFlight.begin(group, connection);
      const remote = async () => {
        if (pending.cancelled) return { first: false, members: held.size(group).members };
        const session = redis.session();
        return redis.call("presence-enter", redis.keys.presence(group), [group, member, connection], (reply) => {
          const [first, members] = words(reply);
          if (!pending.cancelled) held.add(group, member, connection, session);
          return { first: first === "1", members: Number(members) };
        });
      };
      const local = () =>
        pending.cancelled ? { first: false, members: held.size(group).members } : held.enter(group, member, connection);
      return redis.decide(remote, local).finally(() => inFlight.end(pending));
    },
    leave: async (group, member, connection) => {
      inFlight.cancel(group, connection);
      let answer = held.leave(group, member, connection);
      await redis.tell("presence-leave", redis.keys.presence(group), [group, member, connection], (reply) => {
        const [last, members] = words(reply);
        answer = { last: last === "1", members: Number(members) };
      });
      return answer;
    },
    members: (group) =>
      redis.decide(
        () => redis.command(["HKEYS", redis.keys.members(group)], (reply) => words(reply).sort()),
        () => held.members(group),
      ),
    online: async (group, members) => {
      if (members.length === 0) return [];
      return redis.decide(
        () =>
          redis.command(["HMGET", redis.keys.members(group), ...members], (reply) => {
            const counts = list(reply);
            return members.filter((_, index) => typeof counts[index] === "string");
          }),
        () => held.online(group, members),
      );
    },
    size: (group) =>
      redis.decide(
        () =>
          redis.call("presence-size", redis.keys.presence(group), [group], (reply) => {
            const [connections, members] = words(reply);
            return { connections: Number(connections), members: Number(members) };
          }),
        () => held.size(group),
      ),
    onGone: (listener) => maintenance.onGone(listener),
  };
};
