// PresenceGrace: left when the time is over, unless the node goes before.
import { expect, it } from "vitest";
import { createPresenceGrace } from "../../../src/namespaces/channels/presence-grace.ts";
import { eventually } from "../../support/eventually.ts";

function create(afterMs: number) {
  const left: string[] = [];
  const faults: unknown[] = [];
  const presenceGrace = createPresenceGrace(
    async ({ user }) => {
      if (user === "broken") throw new Error("no answer");
      left.push(user);
    },
    afterMs,
    (error) => faults.push(error),
  );
  return { presenceGrace, left, faults };
}

const gone = (user: string) => ({ user, connection: `of ${user}`, rooms: ["a"] });

it("leave when the time is over", async () => {
  const { presenceGrace, left } = create(30);
  const began = performance.now();
  presenceGrace.add(gone("lin"));
  expect(left).toEqual([]);
  await eventually(() => left.length === 1);
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
});

it("are left by nobody here any more once the node goes; one that fails is told of and holds up no other", async () => {
  const { presenceGrace, left, faults } = create(20);
  for (const user of ["lin", "broken", "mei"]) presenceGrace.add(gone(user));
  await eventually(() => left.length === 2);
  expect(left).toEqual(["lin", "mei"]);
  expect(faults).toHaveLength(1);

  presenceGrace.add(gone("late"));
  presenceGrace.close();
  presenceGrace.add(gone("later"));
  const other = create(40);
  other.presenceGrace.add(gone("by now they would have gone"));
  await eventually(() => other.left.length === 1);
  expect(left).toEqual(["lin", "mei"]);
});
