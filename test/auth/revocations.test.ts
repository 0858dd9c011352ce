// Revocations: void at once here, soon on the other node, and still after a restart or a lost message.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createRevocations } from "../../src/auth/revocations.ts";
import type { Bus } from "../../src/cluster/bus.ts";
import { createMemoryCluster } from "../../src/cluster/memory/memory-cluster.ts";
import { createRedisCluster } from "../../src/cluster/redis/redis-cluster.ts";
import type { Identity } from "../../src/contract/identity.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import { sharedRedis } from "../support/shared.ts";

let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "memory" });
});
afterAll(() => store.close());

const identity = (id: string, more: Partial<Identity> = {}): Identity => ({
  id,
  name: undefined,
  role: "user",
  expiresAt: undefined,
  tokenId: undefined,
  issuedAt: Date.now() - 60_000,
  ...more,
});

/** The service of one node. */
async function node(bus: Bus = createMemoryCluster().bus) {
  const revocations = await createRevocations({ store, bus });
  onTestFinished(() => revocations.close());
  return revocations;
}

/** The buses of two nodes on one Redis. */
async function twoBuses(): Promise<[Bus, Bus]> {
  const url = await sharedRedis();
  const nodes = [
    createRedisCluster({ url, prefix: "classwire" }),
    createRedisCluster({ url, prefix: "classwire" }),
  ] as const;
  onTestFinished(async () => {
    for (const one of nodes) await one.close();
  });
  for (const one of nodes) await one.ready();
  return [nodes[0].bus, nodes[1].bus];
}

describe("a user's tokens", () => {
  it("issued before are void, issued afterwards are good, and other users' are left alone", async () => {
    const revocations = await node();
    revocations.check(identity("u1"));
    const before = await revocations.revoke({ user: "u1" });
    expect(() => revocations.check(identity("u1"))).toThrow("revoked");
    expect(() => revocations.check(identity("u1", { issuedAt: undefined }))).toThrow("revoked");
    revocations.check(identity("u1", { issuedAt: before.getTime() }));
    revocations.check(identity("u2"));
  });

  it("issued right after the answer are good, although tokens count whole seconds", async () => {
    const revocations = await node();
    await revocations.revoke({ user: "u9" });
    const issuedAt = Math.floor(Date.now() / 1000) * 1000;
    revocations.check(identity("u9", { issuedAt }));
    expect(() => revocations.check(identity("u9", { issuedAt: issuedAt - 2000 }))).toThrow("revoked");
  });

  it("revoked again are void up to the later instant", async () => {
    const revocations = await node();
    const first = await revocations.revoke({ user: "u3" });
    await store.query("UPDATE revocations SET before = before - interval '1 hour' WHERE subject = $1", ["u3"]);
    const second = await revocations.revoke({ user: "u3" });
    expect(second.getTime()).toBeGreaterThanOrEqual(first.getTime());
    expect(() => revocations.check(identity("u3", { issuedAt: second.getTime() - 1 }))).toThrow("revoked");
  });
});

describe("a single token", () => {
  it("is void, and others of the same user are good", async () => {
    const revocations = await node();
    await revocations.revoke({ tokenId: "t1" });
    expect(() => revocations.check(identity("u4", { tokenId: "t1" }))).toThrow("revoked");
    revocations.check(identity("u4", { tokenId: "t2" }));
    revocations.check(identity("u4"));
  });
});

describe("other nodes", () => {
  it("hear of it at once", async () => {
    const [busA, busB] = await twoBuses();
    const [a, b] = [await node(busA), await node(busB)];
    const heard: unknown[] = [];
    b.onRevoked((what) => heard.push(what));
    await a.revoke({ user: "u5" });
    await eventually(() => expect(heard).toContainEqual({ user: "u5" }) ?? true);
    expect(() => b.check(identity("u5"))).toThrow("revoked");
  });

  it("find it when the message was lost, and tell it once", async () => {
    const [a, b] = [await node(), await node()];
    const heard: unknown[] = [];
    b.onRevoked((what) => heard.push(what));
    await a.revoke({ tokenId: "t5" });
    b.check(identity("u6", { tokenId: "t5" }));
    await b.refresh();
    await b.refresh();
    expect(() => b.check(identity("u6", { tokenId: "t5" }))).toThrow("revoked");
    expect(heard).toEqual([{ tokenId: "t5" }]);
  });

  it("do not mind a malformed message", async () => {
    const [busA, busB] = await twoBuses();
    const b = await node(busB);
    busA.publish("revocations", { kind: "everything" });
    busA.publish("revocations", null);
    busA.publish("revocations", { kind: "user", subject: "u7", before: Date.now() });
    await eventually(() => expect(() => b.check(identity("u7"))).toThrow("revoked") ?? true);
  });

  it("know it from their start on", async () => {
    await (await node()).revoke({ user: "u8" });
    const later = await node();
    expect(() => later.check(identity("u8"))).toThrow("revoked");
  });
});

describe("many, and old ones", () => {
  it("are known from the start on, of several pages, each for itself", async () => {
    const rows =
      "SELECT 'token', 'many-' || n, now() - interval '1 hour', now() - interval '1 hour' FROM generate_series(1, 90000) AS g (n)";
    await store.query(`INSERT INTO revocations ${rows}`, []);
    const revocations = await node();
    for (const n of [1, 5_000, 50_001, 90_000]) {
      expect(() => revocations.check(identity("m", { tokenId: `many-${n}` }))).toThrow("revoked");
    }
    for (const n of [0, 90_001]) revocations.check(identity("m", { tokenId: `many-${n}` }));
    revocations.check(identity("many-1")); // a user is no token
    await store.query("INSERT INTO revocations (kind, subject, before) VALUES ('user', 'ü/学:1', now())", []);
    expect(() => revocations.check(identity("ü/学:1"))).not.toThrow();
    const later = await node();
    expect(() => later.check(identity("ü/学:1"))).toThrow("revoked");
    expect(() => later.check(identity("ü/学:1", { issuedAt: Date.now() + 1000 }))).not.toThrow();
  });

  it("are deleted once no token can be so old, but not those that were revoked anew", async () => {
    const old = "SELECT 'token', 'old-' || n, now() - interval '9 days', now() - interval '9 days'";
    await store.query(`INSERT INTO revocations ${old} FROM generate_series(1, 1500) AS g (n)`, []);
    const revocations = await createRevocations({ store, bus: createMemoryCluster().bus, keepDays: 7, everyMs: 20 });
    onTestFinished(() => revocations.close());
    await revocations.revoke({ tokenId: "old-7" });
    const left = () => store.query("SELECT subject FROM revocations WHERE subject LIKE 'old-%'", []);
    await expect.poll(left).toEqual([{ subject: "old-7" }]);
    expect(() => revocations.check(identity("o", { tokenId: "old-7" }))).toThrow("revoked");
  });
});
