// A set that is only there when something is in it behaves like one.
import { expect, it } from "vitest";
import { LazySet } from "../../src/connection/lazy-set.ts";

it("is a set, before anything was put into it and after", () => {
  const set = new LazySet<string>();
  expect([set.size, set.has("a"), set.delete("a"), [...set]]).toEqual([0, false, false, []]);
  set.add("a");
  set.add("b");
  set.add("a");
  expect([set.size, set.has("a"), set.has("c"), [...set]]).toEqual([2, true, false, ["a", "b"]]);
  expect([set.delete("a"), set.delete("a"), [...set]]).toEqual([true, false, ["b"]]);
  set.clear();
  expect([set.size, set.has("b"), [...set]]).toEqual([0, false, []]);
  set.add("c");
  expect([...set]).toEqual(["c"]);
});
