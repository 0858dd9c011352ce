// Departures: left when the time is over, or at once when the node goes; never twice.
import { expect, it } from "vitest";
import { createDepartures } from "../../../src/namespaces/channels/departures.ts";
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

it("leave at once when the node goes, each once, and one that fails holds up no other", async () => {
  const { departures, left, faults } = create(60_000);
  for (const user of ["lin", "broken", "mei"]) departures.add(gone(user));
  await departures.flush();
  await departures.flush();
  expect(left).toEqual(["lin", "mei"]);
  expect(faults).toHaveLength(1);
});
