// Group commit: what shares a statement, who is refused, and that nothing is acknowledged that was not written.
import { describe, expect, test } from "vitest";
import { Failure } from "../../../src/contract/errors.ts";
import { createGroupCommit, type GroupCommitOptions } from "../../../src/store/batching/group-commit.ts";
import { Semaphore } from "../../../src/store/batching/semaphore.ts";
import { eventually } from "../../support/eventually.ts";

/** A commit that a test lets through by hand. */
function gated() {
  const batches: number[][] = [];
  const gates: { open: () => void; fail: (error: unknown) => void }[] = [];
  const commit = (items: readonly number[]): Promise<number[]> =>
    new Promise((resolve, reject) => {
      batches.push([...items]);
      gates.push({ open: () => resolve(items.map((item) => item * 10)), fail: reject });
    });
  const gate = (index: number) => eventually(() => gates[index], { what: `commit ${index}` });
  return { batches, gates, commit, gate };
}

const bounds = { maxItems: 100, maxWaitMs: 60_000, maxQueued: 1_000 };
const times10 = async (items: readonly number[]): Promise<number[]> => items.map((item) => item * 10);
const make = (
  options: Partial<GroupCommitOptions<number, number>> & Pick<GroupCommitOptions<number, number>, "commit">,
) => createGroupCommit<number, number>({ ...bounds, ...options });
const unavailable = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof Failure ? error.code : error),
  );

describe("batches", () => {
  test("what comes in one turn of the event loop is one commit, and each gets its own result", async () => {
    const { batches, gates, commit, gate } = gated();
    const group = make({ commit });
    const results = [1, 2, 3].map((item) => group.add(item));
    await gate(0);
    gates[0]?.open();
    expect(await Promise.all(results)).toEqual([10, 20, 30]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test("while one commit is on its way the next gathers; with a concurrency of 1 they never overlap", async () => {
    const { batches, gates, commit, gate } = gated();
    const group = make({ commit });
    const first = group.add(1);
    await gate(0);
    const second = group.add(2);
    await new Promise(setImmediate);
    const third = group.add(3);
    await new Promise(setImmediate);
    expect(batches).toEqual([[1]]);
    gates[0]?.open();
    (await gate(1)).open();
    expect(await Promise.all([first, second, third])).toEqual([10, 20, 30]);
    expect(batches).toEqual([[1], [2, 3]]);
  });

  test("with a concurrency of 2 a second commit starts beside the first", async () => {
    const { batches, gates, commit, gate } = gated();
    const group = make({ commit, concurrency: 2 });
    const first = group.add(1);
    await gate(0);
    const second = group.add(2);
    (await gate(1)).open();
    expect(await second).toBe(20);
    gates[0]?.open();
    expect(await first).toBe(10);
    expect(batches).toEqual([[1], [2]]);
  });

  test("two groups that share turns take them one after the other", async () => {
    const turns = new Semaphore(1);
    const [a, b] = [gated(), gated()];
    const first = make({ commit: a.commit, concurrency: turns }).add(1);
    const second = make({ commit: b.commit, concurrency: turns }).add(2);
    await a.gate(0);
    await new Promise(setImmediate);
    expect(b.batches).toEqual([]);
    a.gates[0]?.open();
    (await b.gate(0)).open();
    expect(await Promise.all([first, second])).toEqual([10, 20]);
  });

  test("a batch has at most maxItems items and maxSize of weight, but at least one item", async () => {
    const batches: number[][] = [];
    const commit = (items: readonly number[]) => {
      batches.push([...items]);
      return times10(items);
    };
    const group = make({ commit, maxItems: 3, maxSize: 10, sizeOf: (item) => item });
    await Promise.all([1, 1, 1, 1, 8, 5, 50, 1].map((item) => group.add(item)));
    expect(batches).toEqual([[1, 1, 1], [1, 8], [5], [50], [1]]);
  });

  test("items that are to stay apart never share a batch and keep their order", async () => {
    const batches: number[][] = [];
    const commit = (items: readonly number[]) => {
      batches.push([...items]);
      return times10(items);
    };
    const group = make({ commit, conflictKeys: (item) => [`row ${Math.floor(item)}`] });
    await Promise.all([1.1, 1.2, 2.1, 1.3, 3.1, 2.2].map((item) => group.add(item)));
    expect(batches).toEqual([[1.1, 2.1, 3.1], [1.2, 2.2], [1.3]]);
  });
});

describe("refusals", () => {
  test("one bad item fails alone, with the cause, and the others are committed", async () => {
    const committed: number[] = [];
    const bad = new Error("value out of range");
    const failures: number[] = [];
    const group = make({
      async commit(items) {
        if (items.includes(7)) throw bad;
        committed.push(...items);
        return items.map((item) => item * 10);
      },
      onFailure: (_error, items) => failures.push(items),
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, item) => group.add(item)));
    for (const [item, outcome] of outcomes.entries()) {
      if (item === 7) expect(outcome).toEqual({ status: "rejected", reason: bad });
      else expect(outcome).toEqual({ status: "fulfilled", value: item * 10 });
    }
    expect(committed).toEqual(Array.from({ length: 20 }, (_, item) => item).filter((item) => item !== 7));
    expect(failures).toEqual([1]);
  });

  test("a Failure among the results refuses that item alone, without another commit", async () => {
    let commits = 0;
    const group = make({
      commit: async (items) => {
        commits += 1;
        return items.map((item) => (item === 2 ? new Failure("NOT_FOUND") : item));
      },
    });
    expect(await Promise.all([group.add(1), codeOf(group.add(2)), group.add(3)])).toEqual([1, "NOT_FOUND", 3]);
    expect(commits).toBe(1);
  });

  test("a database that is away refuses the whole batch with SERVER_ERROR and is not asked again", async () => {
    let commits = 0;
    const group = make({
      commit: () => {
        commits += 1;
        return Promise.reject(unavailable());
      },
    });
    expect(await Promise.all([1, 2, 3].map((item) => codeOf(group.add(item))))).toEqual(Array(3).fill("SERVER_ERROR"));
    expect(commits).toBe(1);
  });

  test("a database that says nothing refuses those who have waited behind the batch, too", async () => {
    const { batches, commit, gate } = gated();
    const group = make({ commit });
    const first = codeOf(group.add(1));
    const { fail } = await gate(0);
    const second = codeOf(group.add(2));
    fail(new Error("Query read timeout"));
    expect(await Promise.all([first, second])).toEqual(["SERVER_ERROR", "SERVER_ERROR"]);
    const third = group.add(3);
    (await gate(1)).open();
    expect(await third).toBe(30);
    expect(batches).toEqual([[1], [3]]);
  });

  test("a full line refuses at once, by number and by weight, and takes more when there is room again", async () => {
    const { gates, commit, gate } = gated();
    const group = make({ commit, maxQueued: 2, sizeOf: (item) => item, maxQueuedSize: 10 });
    const first = group.add(1);
    await gate(0);
    const second = group.add(4);
    expect(await codeOf(group.add(7))).toBe("SERVER_ERROR");
    const third = group.add(5);
    expect(await codeOf(group.add(1))).toBe("SERVER_ERROR");
    gates[0]?.open();
    (await gate(1)).open();
    expect(await Promise.all([first, second, third])).toEqual([10, 40, 50]);
    const fourth = group.add(10);
    (await gate(2)).open();
    expect(await fourth).toBe(100);
  });

  test("an item that waits too long for its turn is refused and never written", async () => {
    const { batches, gates, commit, gate } = gated();
    const group = make({ commit, maxWaitMs: 30 });
    const first = group.add(1);
    await gate(0);
    expect(await codeOf(group.add(2))).toBe("SERVER_ERROR");
    gates[0]?.open();
    expect(await first).toBe(10);
    const third = group.add(3);
    (await gate(1)).open();
    expect(await third).toBe(30);
    expect(batches).toEqual([[1], [3]]);
  });
});

describe("the end", () => {
  test("flush waits for what was added before it", async () => {
    const { gates, commit, gate } = gated();
    const group = make({ commit });
    const settled: string[] = [];
    void group.add(1).then(() => settled.push("item"));
    const flushed = group.flush().then(() => settled.push("flush"));
    await gate(0);
    expect(settled).toEqual([]);
    gates[0]?.open();
    await flushed;
    expect(settled).toEqual(["item", "flush"]);
  });

  test("close writes what waits and refuses what comes after", async () => {
    const { batches, gates, commit, gate } = gated();
    const group = make({ commit });
    const first = group.add(1);
    await gate(0);
    const second = group.add(2);
    const closed = group.close();
    expect(await codeOf(group.add(3))).toBe("SERVER_ERROR");
    gates[0]?.open();
    (await gate(1)).open();
    await closed;
    expect(await Promise.all([first, second])).toEqual([10, 20]);
    expect(batches).toEqual([[1], [2]]);
  });
});
