// Two hundred connections of one user in the same moment on three nodes: exactly as many are left as may be.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nodes, startNodes } from "./nodes.ts";
import { race } from "./racing.ts";

const PLENTY = { DASHBOARD_ATTEMPTS_PER_MINUTE: "100000", CONNECT_ATTEMPTS_PER_MINUTE: "100000" };

let nodes: Nodes;
beforeAll(async () => {
  nodes = await startNodes(3, PLENTY);
});
afterAll(() => nodes.close());

describe("of 200 racing connections of a user on three nodes", () => {
  it.each([
    { namespace: "/dashboard", user: "71", limit: 1, auth: {} },
    { namespace: "/study-time", user: "72", limit: 1, auth: { courseId: "go" } },
    { namespace: "/channels", user: "73", limit: 5, auth: {} },
  ])("$limit are left on $namespace", async (course) => {
    const run = await race(nodes.all, { ...course, racers: 200 });
    const { left, admitted, refused } = run;
    expect([left.length, run.onServers()]).toEqual([course.limit, course.limit]);
    // Where the newest wins all are let in; where the sixth is refused none of the five is thrown out.
    expect({ admitted, refused }).toEqual(
      course.limit === 1 ? { admitted: 200, refused: {} } : { admitted: 5, refused: { RATE_LIMIT: 195 } },
    );
    const [one] = left;
    expect(
      await one?.timeout(5000).emitWithAck(course.namespace === "/dashboard" ? "ping" : "heartbeat", {}),
    ).toMatchObject({ ok: true });
    await run.finish();
  });
});

describe("of 30 racing connections of a user on three nodes with the documented limit", () => {
  it("10 are let in within the minute, and one is left", async () => {
    const three = await startNodes(3);
    try {
      const run = await race(three.all, { namespace: "/dashboard", user: "74", racers: 30, limit: 1 });
      expect([run.admitted, run.refused, run.left.length]).toEqual([10, { RATE_LIMIT: 20 }, 1]);
      await run.finish();
    } finally {
      await three.close();
    }
  });
});
