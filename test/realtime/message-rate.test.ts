// The rate of messages: a burst, a steady rate, one notice a second, and the end of patience.
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { createLimits } from "../../src/config/limits.ts";
import { createMessageRate } from "../../src/realtime/message-rate.ts";

const limit = createLimits(readConfig({})).messages;

function at(start = 1_000_000_000) {
  const clock = { now: start };
  const take = createMessageRate(limit, () => clock.now);
  return { clock, take, many: (count: number) => Array.from({ length: count }, take) };
}

describe("the rate of one connection", () => {
  it("takes a burst of 100 and then 50 a second", () => {
    const { clock, many } = at();
    expect(new Set(many(100))).toEqual(new Set(["take"]));
    expect(many(1)).toEqual(["drop and say so"]);
    clock.now += 1000;
    expect(many(51)).toEqual([...Array(50).fill("take"), "drop and say so"]);
  });

  it("says once a second that it drops", () => {
    const { clock, many } = at();
    many(100);
    expect(many(20).filter((verdict) => verdict === "drop and say so")).toHaveLength(1);
    clock.now += 1000;
    expect(many(80).filter((verdict) => verdict === "drop and say so")).toHaveLength(1);
  });

  it("gives the connection up after ten seconds in a row", () => {
    const { clock, many } = at();
    const seen: string[] = [];
    for (let second = 0; second < 10; second++) {
      seen.push(...many(200));
      expect(seen.includes("close")).toBe(second === 9);
      clock.now += 1000;
    }
  });

  it("forgives when a second passes without a drop", () => {
    const { clock, many } = at();
    for (let second = 0; second < 9; second++) {
      many(200);
      clock.now += 1000;
    }
    clock.now += 2000;
    for (let second = 0; second < 9; second++) {
      expect(many(200)).not.toContain("close");
      clock.now += 1000;
    }
  });
});
