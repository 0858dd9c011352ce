/** Places over Redis. */
import type { Places, PlaceTaken } from "../places.ts";
import { Flights } from "./in-flight.ts";
import { placeKey } from "./keys.ts";
import type { Mirror } from "./local-state.ts";
import type { Link } from "./redis-session.ts";
import { pairs, words } from "./replies.ts";

/** Places that all nodes share, and that this node decides about alone while Redis is away. */
export const createRedisPlaces = (link: Link, mirror: Mirror): Places => {
  const flights = new Flights();
  const book = mirror.places;
  return {
    take: async (key, holder, limit) => {
      const flight = flights.begin(key, holder);
      const remote = async (): Promise<PlaceTaken> => {
        if (flight.cancelled) return { ok: true };
        const session = link.session();
        return link.call("place-take", placeKey(key), [key, holder, String(limit)], (reply): PlaceTaken => {
          const [ok, ...full] = words(reply);
          if (ok !== "1") return { ok: false, holders: pairs(full).map(([id, node]) => ({ holder: id, node })) };
          if (!flight.cancelled) book.add(key, holder, session);
          return { ok: true };
        });
      };
      const local = (): PlaceTaken => (flight.cancelled ? { ok: true } : book.take(key, holder, limit));
      return link.decide(remote, local).finally(() => flights.end(flight));
    },
    release: async (key, holder) => {
      flights.cancel(key, holder);
      book.entries.delete(key, holder);
      await link.tell("place-release", placeKey(key), [key, holder], () => undefined);
    },
    count: (key) =>
      link.decide(
        () => link.call("place-count", placeKey(key), [], Number),
        () => book.entries.count(key),
      ),
  };
};
