// Semaphore: never more at work than allowed, and first come first served.
import { expect, test } from "vitest";
import { Semaphore } from "../../../src/store/batching/semaphore.ts";

test("gives as many permits as it has, then in the order of asking", async () => {
  const semaphore = new Semaphore(2);
  const order: string[] = [];
  const ask = (name: string) =>
    semaphore.acquire().then((release) => {
      order.push(name);
      return release;
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

test("a permit that is given back twice counts once", async () => {
  const semaphore = new Semaphore(1);
  const release = await semaphore.acquire();
  release();
  release();
  const next = await semaphore.acquire();
  let granted = false;
  const last = semaphore.acquire().then(() => {
    granted = true;
  });
  await new Promise(setImmediate);
  expect(granted).toBe(false);
  next();
  await last;
  expect(granted).toBe(true);
});

test("runs work with a permit, and gives it back when the work fails", async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(() => Promise.reject(new Error("bad")))).rejects.toThrow("bad");
  expect(await semaphore.run(async () => "good")).toBe("good");
});
