// Run sessions: one owner for good, whoever asks first, on every kind of database.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createRunResults } from "../../src/services/run-results.ts";
import { createRunSessions, type RunSessionService } from "../../src/services/run-sessions.ts";
import { describeDatabases } from "../support/databases.ts";

describeDatabases("run sessions", (database) => {
  let nodes: readonly [RunSessionService, RunSessionService];
  let eventLog: EventLog;

  beforeAll(async () => {
    const [first, second] = database.stores;
    nodes = [createRunSessions(first), createRunSessions(second)];
    eventLog = createEventLog({ store: second, retention: { days: 7, count: 1000 }, cleanEveryMs: 0 });
  });
  afterAll(() => eventLog.close());

  const push = (session: string) =>
    createRunResults({ eventLog }).push(session, { stdout: "secret", stderr: "", exitCode: 0, duration: 1 });

  test("a session belongs to whoever registered it; asking again changes nothing", async () => {
    expect(await nodes[0].owner("run-1")).toBeUndefined();
    expect(await nodes[0].register({ session: "run-1", user: "ann", by: "backend" })).toEqual({
      sessionId: "run-1",
      created: true,
    });
    expect(await nodes[1].register({ session: "run-1", user: "ann", by: "backend" })).toEqual({
      sessionId: "run-1",
      created: false,
    });
    await expect(nodes[1].register({ session: "run-1", user: "bob", by: "backend" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect(await nodes[1].owner("run-1")).toBe("ann");
  });

  test("without an id one is made that is a valid session id and not used yet", async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (nodes[n % 2] as RunSessionService).register({ user: "ann", by: "user" })),
    );
    expect(new Set(made.map(({ sessionId }) => sessionId)).size).toBe(20);
    expect(made.every(({ sessionId, created }) => created && /^[\w:.-]{20,128}$/.test(sessionId))).toBe(true);
  });

  test("without an id, the same request again gets the same one", async () => {
    const first = await nodes[0].register({ user: "ann", key: "request:1", by: "user" });
    expect(await nodes[1].register({ user: "ann", key: "request:1", by: "user" })).toEqual({
      ...first,
      created: false,
    });
    expect((await nodes[1].register({ user: "ann", key: "request:2", by: "user" })).sessionId).not.toBe(
      first.sessionId,
    );
  });

  test("of many users who register one id at once, exactly one gets it", async () => {
    const users = Array.from({ length: 16 }, (_, n) => `user-${n}`);
    const outcomes = await Promise.allSettled(
      users.map((user, n) =>
        (nodes[n % 2] as RunSessionService).register({ session: "contested", user: user, by: "backend" }),
      ),
    );
    const winners = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [users[n]] : []));
    expect(winners).toEqual([await nodes[0].owner("contested")]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CONFLICT" });
    }
  });

  test("a user claims what nothing was pushed to; results that came first are a backend's to give", async () => {
    await push("pushed");
    const claim = nodes[0].register({ session: "pushed", user: "eve", by: "user" });
    await expect(claim).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await nodes[0].owner("pushed")).toBeUndefined();
    expect((await nodes[0].register({ session: "pushed", user: "ann", by: "backend" })).created).toBe(true);
    const again = await nodes[1].register({ session: "pushed", user: "ann", by: "user" });
    expect(again).toEqual({ sessionId: "pushed", created: false });

    await nodes[0].register({ session: "claimed", user: "ann", by: "user" });
    expect((await push("claimed")).event.offset).toBe(1);
    const repeated = await nodes[1].register({ session: "claimed", user: "ann", by: "user" });
    expect(repeated).toEqual({ sessionId: "claimed", created: false });
    const other = nodes[1].register({ session: "claimed", user: "eve", by: "user" });
    await expect(other).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("a backend decides over a claim, once and for all; an id that was made here is no claim", async () => {
    await nodes[0].register({ session: "squatted", user: "eve", by: "user" });
    expect((await nodes[1].register({ session: "squatted", user: "ann", by: "backend" })).created).toBe(false);
    expect(await nodes[0].owner("squatted")).toBe("ann");
    for (const by of ["user", "backend"] as const) {
      const other = nodes[0].register({ session: "squatted", user: "eve", by });
      await expect(other).rejects.toMatchObject({ code: "CONFLICT" });
    }
    const { sessionId } = await nodes[0].register({ user: "ann", by: "user" });
    const made = nodes[1].register({ session: sessionId, user: "eve", by: "backend" });
    await expect(made).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("of a claim and a push at once either the claim came first, or it is refused", async () => {
    const rounds = Array.from({ length: 40 }, async (_, n) => {
      const session = `race-${n}`;
      const claim = () => nodes[0].register({ session, user: "eve", by: "user" });
      const work = n % 2 === 0 ? [claim(), push(session)] : [push(session), claim()];
      const outcomes = await Promise.allSettled(work);
      const claimed = outcomes[n % 2];
      const owner = await nodes[1].owner(session);
      expect(owner).toBe(claimed?.status === "fulfilled" ? "eve" : undefined);
      if (claimed?.status === "rejected") expect(claimed.reason).toMatchObject({ code: "FORBIDDEN" });
      // What was pushed is there, also where the claim made the channel.
      expect((await eventLog.heads([`run-results/${session}`])).get(`run-results/${session}`)?.head).toBe(1);
    });
    await Promise.all(rounds);
  });
});
