// Run sessions: one owner for good, whoever asks first, on every kind of database.
import { beforeAll, expect, test } from "vitest";
import { createRunSessions, type RunSessionService } from "../../src/services/run-sessions.ts";
import { describeDatabases } from "../support/databases.ts";

describeDatabases("run sessions", (database) => {
  let nodes: readonly [RunSessionService, RunSessionService];

  beforeAll(async () => {
    const [first, second] = database.stores;
    nodes = [createRunSessions(first), createRunSessions(second)];
  });

  test("a session belongs to whoever registered it; asking again changes nothing", async () => {
    expect(await nodes[0].owner("run-1")).toBeUndefined();
    expect(await nodes[0].register("run-1", "ann")).toEqual({ sessionId: "run-1", created: true });
    expect(await nodes[1].register("run-1", "ann")).toEqual({ sessionId: "run-1", created: false });
    await expect(nodes[1].register("run-1", "bob")).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await nodes[1].owner("run-1")).toBe("ann");
  });

  test("without an id one is made that is a valid session id and not used yet", async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (nodes[n % 2] as RunSessionService).register(undefined, "ann")),
    );
    expect(new Set(made.map(({ sessionId }) => sessionId)).size).toBe(20);
    expect(made.every(({ sessionId, created }) => created && /^[\w:.-]{20,128}$/.test(sessionId))).toBe(true);
  });

  test("without an id, the same request again gets the same one", async () => {
    const first = await nodes[0].register(undefined, "ann", "request:1");
    expect(await nodes[1].register(undefined, "ann", "request:1")).toEqual({ ...first, created: false });
    expect((await nodes[1].register(undefined, "ann", "request:2")).sessionId).not.toBe(first.sessionId);
  });

  test("of many users who register one id at once, exactly one gets it", async () => {
    const users = Array.from({ length: 16 }, (_, n) => `user-${n}`);
    const outcomes = await Promise.allSettled(
      users.map((user, n) => (nodes[n % 2] as RunSessionService).register("contested", user)),
    );
    const winners = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [users[n]] : []));
    expect(winners).toEqual([await nodes[0].owner("contested")]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CONFLICT" });
    }
  });
});
