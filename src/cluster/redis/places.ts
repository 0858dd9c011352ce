/** Places over Redis. */
import type { Places } from "../places.ts";
import { Flights } from "./flights.ts";
import { placeKey } from "./keys.ts";
import type { Link } from "./link.ts";
import type { Mirror } from "./mirror.ts";
import { pairs, words } from "./replies.ts";

/** Places that all nodes share, and that this node decides about alone while Redis is away. */
export const createRedisPlaces = (link: Link, mirror: Mirror): Places => {
  const flights = new Flights();
  const book = mirror.places;
  return {
    take: async (key, holder, limit) => {
      const flight = flights.begin(key, holder);
      const remote = async () => {
        if (flight.cancelled) return { ok: true } as const;
        const session = link.session();
        const [ok, ...full] = words(await link.call("place-take", placeKey(key), key, holder, String(limit)));
        if (ok !== "1") return { ok: false, holders: pairs(full).map(([id, node]) => ({ holder: id, node })) } as const;
        if (!flight.cancelled) book.add(key, holder, session);
        return { ok: true } as const;
      };
      const local = () => (flight.cancelled ? ({ ok: true } as const) : book.take(key, holder, limit));
      return link.decide(remote, local).finally(() => flights.end(flight));
    },
    release: async (key, holder) => {
      flights.cancel(key, holder);
      book.entries.delete(key, holder);
      await link.tell("place-release", placeKey(key), key, holder);
    },
    count: (key) =>
      link.decide(
        async () => Number(await link.call("place-count", placeKey(key))),
        () => book.entries.count(key),
      ),
  };
};
