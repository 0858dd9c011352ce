/** Leases over Redis. */

import type { Leases, LeaseTaken } from "../leases.ts";
import { nextCounter } from "../local-state/leases.ts";
import { type Flight, Flights } from "./in-flight.ts";
import { leaseKey } from "./keys.ts";
import type { Mirror } from "./local-state.ts";
import type { Link } from "./redis-session.ts";
import { words } from "./replies.ts";

/** Leases that all nodes share, and that this node decides about alone while Redis is away. `now`: a clock in ms. */
export const createRedisLeases = (link: Link, mirror: Mirror, now: () => number): Leases => {
  const flights = new Flights();
  const book = mirror.leases;
  let highest = 0;

  const remote = async (flight: Flight, waiting: number): Promise<LeaseTaken> => {
    const { key, id: holder } = flight;
    if (flight.cancelled) return { ok: true, counter: highest };
    const session = link.session();
    return link.call("lease-take", leaseKey(key), [key, holder, String(waiting)], (reply): LeaseTaken => {
      const [ok, count, displaced = "", node = "", ...changes] = words(reply);
      if (ok !== "1") return { ok: false };
      const counter = Number(count);
      highest = Math.max(highest, counter);
      mirror.apply(changes);
      if (!flight.cancelled) {
        book.entries.set(key, holder, { kind: "lease", key, holder, waiting, counter, state: "active", session });
      }
      return { ok: true, counter, ...(node !== "" && { displaced: { holder: displaced, node } }) };
    });
  };

  const local = (flight: Flight, waiting: number): LeaseTaken => {
    const { key, id: holder } = flight;
    const counter = nextCounter(highest, now());
    if (flight.cancelled) return { ok: true, counter };
    const decision = book.take(key, holder, waiting, counter);
    if (!decision.ok) return { ok: false };
    highest = counter;
    mirror.news.tell(decision.changes);
    const { displaced } = decision;
    return { ok: true, counter, ...(displaced && { displaced: { holder: displaced.holder, node: link.node } }) };
  };

  return {
    take: async (key, holder, options) => {
      const flight = flights.begin(key, holder);
      const waiting = options?.waiting ?? 0;
      return link
        .decide(
          () => remote(flight, waiting),
          () => local(flight, waiting),
        )
        .finally(() => flights.end(flight));
    },
    release: async (key, holder) => {
      flights.cancel(key, holder);
      const entry = book.remove(key, holder);
      await link.tell("lease-release", leaseKey(key), [key, holder], (reply) => mirror.apply(words(reply)));
      // Answered or joining, Redis promotes; alone, this node does.
      if (link.state() === "down" && entry?.state === "active") mirror.news.tell(book.promote(key));
    },
    holds: (key, holder) =>
      link.decide(
        () => link.call("lease-holds", leaseKey(key), [key, holder], (reply) => Number(reply) === 1),
        () => book.entries.get(key, holder)?.state === "active",
      ),
    onChange: (listener) => mirror.news.onChange(listener),
  };
};
