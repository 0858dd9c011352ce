/** Presence over Redis. */
import type { Presence } from "../presence.ts";
import { Flights } from "./in-flight.ts";
import { membersKey, presentKey } from "./keys.ts";
import type { Mirror } from "./local-state.ts";
import type { Keeper } from "./node-maintenance.ts";
import type { Link } from "./redis-session.ts";
import { list, words } from "./replies.ts";

/** Presence that all nodes share; each node knows its own connections while Redis is away. */
export const createRedisPresence = (link: Link, mirror: Mirror, keeper: Keeper): Presence => {
  const flights = new Flights();
  const book = mirror.presence;
  return {
    enter: async (group, member, connection) => {
      const flight = flights.begin(group, connection);
      const remote = async () => {
        if (flight.cancelled) return { first: false, members: book.size(group).members };
        const session = link.session();
        return link.call("presence-enter", presentKey(group), [group, member, connection], (reply) => {
          const [first, members] = words(reply);
          if (!flight.cancelled) book.add(group, member, connection, session);
          return { first: first === "1", members: Number(members) };
        });
      };
      const local = () =>
        flight.cancelled ? { first: false, members: book.size(group).members } : book.enter(group, member, connection);
      return link.decide(remote, local).finally(() => flights.end(flight));
    },
    leave: async (group, member, connection) => {
      flights.cancel(group, connection);
      let answer = book.leave(group, member, connection);
      await link.tell("presence-leave", presentKey(group), [group, member, connection], (reply) => {
        const [last, members] = words(reply);
        answer = { last: last === "1", members: Number(members) };
      });
      return answer;
    },
    members: (group) =>
      link.decide(
        () => link.command(["HKEYS", membersKey(group)], (reply) => words(reply).sort()),
        () => book.members(group),
      ),
    online: async (group, members) => {
      if (members.length === 0) return [];
      return link.decide(
        () =>
          link.command(["HMGET", membersKey(group), ...members], (reply) => {
            const counts = list(reply);
            return members.filter((_, index) => typeof counts[index] === "string");
          }),
        () => book.online(group, members),
      );
    },
    size: (group) =>
      link.decide(
        () =>
          link.call("presence-size", presentKey(group), [group], (reply) => {
            const [connections, members] = words(reply);
            return { connections: Number(connections), members: Number(members) };
          }),
        () => book.size(group),
      ),
    onGone: (listener) => keeper.onGone(listener),
  };
};
