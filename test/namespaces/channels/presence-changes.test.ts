// PresenceChanges: one event for what happened in a while, which adds up to who is there.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type PresenceChange, PresenceChanges } from "../../../src/namespaces/channels/presence-changes.ts";

const EVERY_MS = 250;
const CROWDED_EVERY_MS = 1000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A room whose members are known, and what it was told. */
function create(mostNamed = 3) {
  const members = new Set<string>();
  const told: PresenceChange[] = [];
  const faults: unknown[] = [];
  const state = { isAway: false };
  const changes = new PresenceChanges({
    mostNamed,
    everyMs: EVERY_MS,
    crowdedEveryMs: CROWDED_EVERY_MS,
    size: async () => {
      if (state.isAway) throw new Error("nobody answers");
      return members.size;
    },
    online: async (_room, users) => users.filter((user) => members.has(user)),
    tell: (change) => told.push(change),
    onFault: (error) => faults.push(error),
  });
  const come = (...users: string[]) => {
    for (const user of users) {
      members.add(user);
      changes.add("a", user, 1);
    }
  };
  const go = (...users: string[]) => {
    for (const user of users) {
      members.delete(user);
      changes.add("a", user, -1);
    }
  };
  return { changes, members, told, faults, state, come, go };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it("tells what happened within the time in one piece, and nothing before", async () => {
  const { told, come, go } = create();
  come("ann", "bob");
  await pass(EVERY_MS - 1);
  expect(told).toEqual([]);
  await pass(1);
  expect(told).toEqual([{ room: "a", joined: ["ann", "bob"], left: [], members: 2 }]);
  go("ann");
  come("cid");
  await pass(EVERY_MS);
  expect(told.slice(1)).toEqual([{ room: "a", joined: ["cid"], left: ["ann"], members: 2 }]);
  await pass(10 * EVERY_MS);
  expect(told).toHaveLength(2);
});

it("tells each room apart", async () => {
  const { changes, members, told } = create();
  members.add("ann");
  changes.add("a", "ann", 1);
  changes.add("b", "ann", 1);
  await pass(EVERY_MS);
  expect(told.map(({ room }) => room)).toEqual(["a", "b"]);
});

it("tells nothing of who comes and goes, or goes and comes, within the time", async () => {
  const { told, come, go } = create();
  come("ann");
  await pass(EVERY_MS);
  come("bob");
  go("ann", "bob");
  come("ann");
  await pass(10 * EVERY_MS);
  expect(told).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0); // nothing is kept of a quiet room
});

it("of more members than are named only the number is told, and less often", async () => {
  const { told, come } = create();
  for (let user = 0; user < 100; user++) {
    come(`u${user}`);
    await pass(100);
  }
  await pass(CROWDED_EVERY_MS);
  const crowded = told.filter(({ members }) => members > 3);
  for (const { joined, left } of crowded) expect([...joined, ...left]).toEqual([]);
  expect(crowded.at(-1)?.members).toBe(100);
  expect(crowded.length).toBeLessThanOrEqual(12);
});

it("a room that has fewer members again is told without names once, then with them", async () => {
  const { told, come, go } = create();
  come("ann", "bob", "cid", "dan", "eve");
  await pass(EVERY_MS);
  go("ann", "bob", "cid");
  await pass(CROWDED_EVERY_MS);
  go("dan");
  await pass(CROWDED_EVERY_MS);
  expect(told).toEqual([
    { room: "a", joined: [], left: [], members: 5 },
    { room: "a", joined: [], left: [], members: 2 },
    { room: "a", joined: [], left: ["dan"], members: 1 },
  ]);
});

it("what comes late or in the wrong order adds up to who is there", async () => {
  const { changes, members, told } = create(10);
  const known = new Set<string>();
  /** On another node the user had gone before; here that is heard of last, after the time is over. */
  members.add("ann");
  changes.add("a", "ann", 1);
  await pass(EVERY_MS);
  changes.add("a", "ann", 1);
  await pass(EVERY_MS);
  changes.add("a", "ann", -1);
  await pass(EVERY_MS);
  for (const { joined, left } of told) {
    for (const user of joined) known.add(user);
    for (const user of left) known.delete(user);
  }
  expect([...known]).toEqual(["ann"]);
});

it("a look that fails is told of, and holds up nothing that comes after", async () => {
  const { told, faults, state, come } = create();
  state.isAway = true;
  come("ann");
  await pass(EVERY_MS);
  expect(faults).toHaveLength(1);
  state.isAway = false;
  come("bob");
  await pass(EVERY_MS);
  expect(told).toEqual([{ room: "a", joined: ["bob"], left: [], members: 2 }]);
});

it("tells nothing once it is closed", async () => {
  const { changes, told, come } = create();
  come("ann");
  changes.close();
  come("bob");
  await pass(10 * EVERY_MS);
  expect(told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
