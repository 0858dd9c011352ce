// Idempotency keys: once per key on one node and over two, on the embedded database and on PostgreSQL.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdempotency, type Idempotency, type KeptAnswer } from "../../src/services/idempotency.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/shared.ts";

/** After so long a silent node is dead for these tests: longer than any pause of a loaded machine. */
const STALE_SECONDS = 60;

let unique = 0;
/** A request that no other test makes. */
const request = (body: unknown = { a: 1 }) => ({ caller: "id:1", path: "/p", key: `key-${++unique}`, body });
const created = (body: unknown): KeptAnswer => ({ status: 201, body });

/** Work that counts its runs, remembers its event keys and ends when told. */
function slowWork(answer: KeptAnswer) {
  let finish: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const eventKeys: string[] = [];
  const work = async (eventKey: string) => {
    eventKeys.push(eventKey);
    await ended;
    return answer;
  };
  return { work, eventKeys, finish };
}

describe.each(["memory", "postgres"] as const)("on %s", (kind) => {
  let stores: [Store, Store];
  let here: Idempotency;
  let there: Idempotency;

  beforeAll(async () => {
    if (kind === "memory") {
      const store = await openStore({ kind });
      stores = [store, store];
    } else {
      const url = await createDatabase();
      stores = [await openStore({ kind, url }), await openStore({ kind, url })];
    }
    here = createIdempotency({ store: stores[0], staleSeconds: STALE_SECONDS });
    there = createIdempotency({ store: stores[1], staleSeconds: STALE_SECONDS });
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    for (const store of stores) await store.close();
  });

  /** Makes entries look as old as that. */
  const age = (key: string, seconds: number) =>
    stores[0].query(
      "UPDATE idempotency_keys SET created_at = now() - make_interval(secs => $1) WHERE path = $2 RETURNING key",
      [seconds, key],
    );

  it("answers the same request as the first time, on both nodes, without doing it again", async () => {
    const asked = request({ b: [1, { x: 1, y: 2 }], a: 1 });
    let runs = 0;
    const work = async () => created({ run: ++runs });
    expect(await here.run(asked, work)).toEqual({ ...created({ run: 1 }), replayed: false });
    const reordered = { ...asked, body: { a: 1, b: [1, { y: 2, x: 1 }] } };
    for (const node of [here, there]) {
      expect(await node.run(reordered, work)).toEqual({ ...created({ run: 1 }), replayed: true });
    }
    expect(runs).toBe(1);
  });

  it("keeps callers, paths and keys apart", async () => {
    const asked = request();
    const others = [
      { ...asked, caller: "id:2" },
      { ...asked, path: "/q" },
      { ...asked, key: `${asked.key}x` },
    ];
    const answers = [asked, ...others].map((one, at) => here.run(one, async () => created(at)));
    expect((await Promise.all(answers)).map((answer) => answer.body)).toEqual([0, 1, 2, 3]);
  });

  it("refuses the same key with another body, also while the first one runs", async () => {
    const asked = request({ a: 1 });
    const { work, finish, eventKeys } = slowWork(created(null));
    const first = here.run(asked, work);
    await eventually(() => eventKeys.length === 1);
    const other = { ...asked, body: { a: 2 } };
    await expect(there.run(other, work)).rejects.toMatchObject({ code: "CONFLICT" });
    finish();
    await first;
    await expect(here.run(other, work)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("does it once when many ask at the same moment on two nodes", async () => {
    const asked = Array.from({ length: 20 }, () => request());
    let runs = 0;
    const work = async () => created({ run: ++runs });
    const answers = await Promise.all(
      [here, there, here, there].flatMap((node) => asked.map((one) => node.run(one, work))),
    );
    expect(runs).toBe(20);
    for (const at of asked.keys()) {
      const same = [0, 20, 40, 60].map((round) => answers[round + at]);
      expect(new Set(same.map((answer) => JSON.stringify(answer?.body))).size).toBe(1);
      expect(same.filter((answer) => answer?.replayed === false)).toHaveLength(1);
    }
  });

  it("waits for one that still runs, then gives up with a time to come back", async () => {
    const asked = request();
    const { work, finish, eventKeys } = slowWork(created("done"));
    const first = here.run(asked, work);
    await eventually(() => eventKeys.length === 1);
    const impatient = createIdempotency({ store: stores[1], waitMs: 100 });
    await expect(impatient.run(asked, work)).rejects.toMatchObject({ code: "SERVER_ERROR", retryAfterMs: 2000 });
    await impatient.close();
    const second = there.run(asked, work);
    finish();
    expect(await first).toMatchObject({ replayed: false });
    expect(await second).toEqual({ ...created("done"), replayed: true });
  });

  it("takes over one whose node died, with the same event key and not before its time", async () => {
    const asked = { ...request(), path: `/dead/${kind}` };
    const dead = slowWork(created("late"));
    const lost = here.run(asked, dead.work);
    await eventually(() => dead.eventKeys.length === 1);
    await age(asked.path, STALE_SECONDS / 2);
    const taken = slowWork(created("again"));
    const second = there.run(asked, taken.work);
    const impatient = createIdempotency({ store: stores[1], staleSeconds: STALE_SECONDS, waitMs: 100 });
    await expect(impatient.run(asked, taken.work)).rejects.toMatchObject({ code: "SERVER_ERROR" });
    await impatient.close();
    expect(taken.eventKeys).toEqual([]);
    await age(asked.path, STALE_SECONDS + 1);
    await eventually(() => taken.eventKeys.length === 1);
    expect(taken.eventKeys).toEqual(dead.eventKeys);
    // The one that was taken for dead answers its own caller and does not overwrite the other's entry.
    dead.finish();
    expect(await lost).toMatchObject({ body: "late" });
    taken.finish();
    expect(await second).toMatchObject({ body: "again", replayed: false });
    expect(await here.run(asked, dead.work)).toMatchObject({ body: "again", replayed: true });
  });

  it("says that a slow one is alive, so that nobody takes it over", async () => {
    const asked = { ...request(), path: `/slow/${kind}` };
    const node = createIdempotency({ store: stores[0], staleSeconds: 3 });
    const { work, finish } = slowWork(created("slow"));
    const running = node.run(asked, work);
    await eventually(async () => (await age(asked.path, 2.9)).length === 1);
    await eventually(async () => {
      const fresh = "SELECT key FROM idempotency_keys WHERE path = $1 AND created_at > now() - interval '2 seconds'";
      return (await stores[1].query(fresh, [asked.path])).length === 1;
    });
    finish();
    expect(await running).toMatchObject({ body: "slow" });
    await node.close();
  });

  it("forgets after 24 h: the same key is a new request with new events", async () => {
    const asked = { ...request(), path: `/old/${kind}` };
    const eventKeys: string[] = [];
    const work = async (eventKey: string) => created(eventKeys.push(eventKey));
    await here.run(asked, work);
    await age(asked.path, 23 * 3600);
    expect(await there.run(asked, work)).toMatchObject({ body: 1, replayed: true });
    await age(asked.path, 25 * 3600);
    expect(await there.run({ ...asked, body: "another" }, work)).toMatchObject({ body: 2, replayed: false });
    expect(new Set(eventKeys).size).toBe(2);
  });

  it.each([500, 503, 401, 429])("does not keep an answer of %i", async (status) => {
    const asked = request();
    expect(await here.run(asked, async () => ({ status, body: null }))).toMatchObject({ status, replayed: false });
    expect(await there.run(asked, async () => created("now"))).toMatchObject({ body: "now", replayed: false });
  });

  it.each([404, 409, 403])("keeps an answer of %i", async (status) => {
    const asked = request();
    await here.run(asked, async () => ({ status, body: { error: 1 } }));
    const again = await there.run(asked, async () => created("never"));
    expect(again).toEqual({ status, body: { error: 1 }, replayed: true });
  });

  it("lets the next one try when the work throws", async () => {
    const asked = request();
    await expect(here.run(asked, () => Promise.reject(new Error("boom")))).rejects.toThrow("boom");
    expect(await there.run(asked, async () => created("now"))).toMatchObject({ body: "now", replayed: false });
  });

  it.each<[string, () => Promise<KeptAnswer>]>([
    ["throws", () => Promise.reject(new Error("timed out, and committed later"))],
    ["answers 503", async () => ({ status: 503, body: null })],
  ])("lets the next one find what work that %s had done, by the same event key", async (_how, fails) => {
    const asked = request();
    const eventKeys: string[] = [];
    const work = (end: () => Promise<KeptAnswer>) => (eventKey: string) => {
      eventKeys.push(eventKey);
      return end();
    };
    await here.run(asked, work(fails)).catch(() => undefined);
    await there.run(asked, work(fails)).catch(() => undefined);
    await expect(there.run({ ...asked, body: "another" }, work(fails))).rejects.toMatchObject({ code: "CONFLICT" });
    await here.run(
      asked,
      work(async () => created("now")),
    );
    expect(eventKeys).toHaveLength(3);
    expect(new Set(eventKeys).size).toBe(1);
  });

  it("takes any key and caller, however long or strange", async () => {
    const strange = { ...request(), caller: `id:${"\u0000汉😀".repeat(32)}`, key: "\u0000".repeat(255) };
    expect(await here.run(strange, async () => created(1))).toMatchObject({ replayed: false });
    expect(await there.run(strange, async () => created(2))).toMatchObject({ body: 1, replayed: true });
  });
});
