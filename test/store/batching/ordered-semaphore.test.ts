// Turns: never more at work than allowed, and first come first served.
import { expect, test } from "vitest";
import { createTurns } from "../../../src/store/batching/ordered-semaphore.ts";

test("hands out as many turns as allowed, then in the order of asking", async () => {
  const turns = createTurns(2);
  const order: string[] = [];
  const ask = (name: string) =>
    turns.take().then((giveBack) => {
      order.push(name);
      return giveBack;
    });
  const [first, second] = [await ask("first"), await ask("second")];
  const third = ask("third");
  const fourth = ask("fourth");
  await new Promise(setImmediate);
  expect(order).toEqual(["first", "second"]);
  second();
  await third;
  expect(order).toEqual(["first", "second", "third"]);
  first();
  await fourth;
  expect(order).toEqual(["first", "second", "third", "fourth"]);
});

test("a turn that is given back twice frees one place", async () => {
  const turns = createTurns(1);
  const giveBack = await turns.take();
  giveBack();
  giveBack();
  const next = await turns.take();
  let granted = false;
  const last = turns.take().then(() => {
    granted = true;
  });
  await new Promise(setImmediate);
  expect(granted).toBe(false);
  next();
  await last;
  expect(granted).toBe(true);
});
