// Departures: left when the time is over, unless the node goes before.
import { expect, it } from "vitest";
import { createDepartures } from "../../../src/namespaces/channels/presence-grace.ts";
import { eventually } from "../../support/eventually.ts";

function create(afterMs: number) {
  const left: string[] = [];
  const faults: unknown[] = [];
  const departures = createDepartures(
    async ({ user }) => {
      if (user === "broken") throw new Error("no answer");
      left.push(user);
    },
    afterMs,
    (error) => faults.push(error),
  );
  return { departures, left, faults };
}

const gone = (user: string) => ({ user, connection: `of ${user}`, rooms: ["a"] });

it("leave when the time is over", async () => {
  const { departures, left } = create(30);
  const began = performance.now();
  departures.add(gone("lin"));
  expect(left).toEqual([]);
  await eventually(() => left.length === 1);
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
});

it("are left by nobody here any more once the node goes; one that fails is told of and holds up no other", async () => {
  const { departures, left, faults } = create(20);
  for (const user of ["lin", "broken", "mei"]) departures.add(gone(user));
  await eventually(() => left.length === 2);
  expect(left).toEqual(["lin", "mei"]);
  expect(faults).toHaveLength(1);

  departures.add(gone("late"));
  departures.close();
  departures.add(gone("later"));
  const other = create(40);
  other.departures.add(gone("by now they would have gone"));
  await eventually(() => other.left.length === 1);
  expect(left).toEqual(["lin", "mei"]);
});
