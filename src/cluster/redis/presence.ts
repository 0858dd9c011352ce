/** Presence over Redis. */
import type { Presence } from "../presence.ts";
import { Flights } from "./flights.ts";
import type { Keeper } from "./keeper.ts";
import { membersKey, presentKey } from "./keys.ts";
import type { Link } from "./link.ts";
import type { Mirror } from "./mirror.ts";
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
        const reply = await link.call("presence-enter", presentKey(group), group, member, connection);
        const [first, members] = words(reply);
        if (!flight.cancelled) book.add(group, member, connection, session);
        return { first: first === "1", members: Number(members) };
      };
      const local = () =>
        flight.cancelled ? { first: false, members: book.size(group).members } : book.enter(group, member, connection);
      return link.decide(remote, local).finally(() => flights.end(flight));
    },
    leave: async (group, member, connection) => {
      flights.cancel(group, connection);
      const local = book.leave(group, member, connection);
      const reply = await link.tell("presence-leave", presentKey(group), group, member, connection);
      if (!Array.isArray(reply)) return local;
      const [last, members] = words(reply);
      return { last: last === "1", members: Number(members) };
    },
    members: (group) =>
      link.decide(
        async () => words(await link.command("HKEYS", membersKey(group))).sort(),
        () => book.members(group),
      ),
    online: async (group, members) => {
      if (members.length === 0) return [];
      return link.decide(
        async () => {
          const counts = list(await link.command("HMGET", membersKey(group), ...members));
          return members.filter((_, index) => typeof counts[index] === "string");
        },
        () => book.online(group, members),
      );
    },
    size: (group) =>
      link.decide(
        async () => {
          const [connections, members] = words(await link.call("presence-size", presentKey(group), group));
          return { connections: Number(connections), members: Number(members) };
        },
        () => book.size(group),
      ),
    onGone: (listener) => keeper.onGone(listener),
  };
};
