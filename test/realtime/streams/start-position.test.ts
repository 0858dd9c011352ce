// Where a subscription begins, and what the client is told of it.
import { describe, expect, it } from "vitest";
import type { StartPosition } from "../../../src/realtime/streams/start-position.ts";
import { resolveStart } from "../../../src/realtime/streams/start-position.ts";

/** A channel that keeps 5…9, with the user's cursor where it is. */
const start = (from: StartPosition, cursor?: number) =>
  resolveStart("rooms/a", from, "me", 8, {
    eventLog: { epoch: "e1", cursor: async () => cursor },
    boundsOf: async () => ({ head: 9, oldest: 5 }),
  });

describe("with since", () => {
  it.each([
    [{ since: 6, epoch: "e1" }, 6, true, 3],
    [{ since: 6, epoch: undefined }, 6, true, 3],
    [{ since: 9, epoch: "e1" }, 9, true, 0],
    [{ since: 4, epoch: "e1" }, 4, true, 5],
    [{ since: 3, epoch: "e1" }, 4, false, 5],
    [{ since: 0, epoch: undefined }, 4, false, 5],
    [{ since: 10, epoch: "e1" }, 4, false, 5],
    [{ since: 6, epoch: "another" }, 4, false, 5],
  ])("%j", async (from, position, recovered, replayed) => {
    expect(await start(from, 8)).toEqual({ head: 9, position, recovered, replayed, isNew: false });
  });
});

describe("with the cursor", () => {
  it.each([
    ["oldest", 7, 7, 2, false],
    ["oldest", 2, 4, 5, false],
    ["oldest", undefined, 4, 5, true],
    ["head", undefined, 9, 0, true],
    ["head", 7, 7, 2, false],
  ] as const)("otherwise the %s, when it is at %s", async (otherwise, cursor, position, replayed, isNew) => {
    const started = await start({ cursor: true, otherwise }, cursor);
    expect(started).toEqual({ head: 9, position, recovered: true, replayed, isNew });
  });
});

it("at the head, as far as this node knows it, without a question", async () => {
  expect(await start("head")).toEqual({ head: 8, position: 8, recovered: true, replayed: 0, isNew: false });
});
