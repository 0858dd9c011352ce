// Redis is killed, frozen, cut off and poisoned while events flow: they go on here, come back there, and none is missing.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call, crossing, type Flow, startFlow } from "./flow.ts";
import { listen, listenRaw, type Nodes, type RawListener, type SocketListener, startNodes } from "./nodes.ts";
import { cutConnections, poison } from "./poison.ts";

/** What the design promises once Redis answers again. */
const BACK_WITHIN_MS = 2000;

let nodes: Nodes;
beforeAll(async () => {
  nodes = await startNodes(2);
});
afterAll(() => nodes.close());

/** Two listeners on the two nodes, and a flow between them. */
async function begin(user: string): Promise<{ near: SocketListener; far: SocketListener; flow: Flow }> {
  const near = await listen(nodes.node(0), "/channels", `${user}-near`);
  const far = await listen(nodes.node(1), "/channels", `${user}-far`);
  await crossing(nodes.node(0), far);
  return { near, far, flow: await startFlow(nodes.all, user) };
}

/** Resolves when no node is ready, and says why. */
async function notReady(): Promise<void> {
  await eventually(async () => {
    for (const node of nodes.all) {
      const { status, text } = await call(node, "GET", "/readyz");
      expect([status, JSON.parse(text)]).toMatchObject([503, { ready: false, redis: "down", database: "up" }]);
    }
    return true;
  });
}

/** What a node says now is heard on it, and its users are served. */
async function goesOnHere(near: SocketListener, flow: Flow): Promise<void> {
  expect(await crossing(nodes.node(0), near)).toBeLessThan(1000);
  const before = flow.published();
  await eventually(() => flow.published() > before + 10);
  (await listen(nodes.node(0), "/channels", "newcomer")).close();
}

/** A second tab elsewhere takes nothing from one that nobody can ask whether it lives. */
async function leavesTabs(tab: RawListener): Promise<void> {
  const second = await listenRaw(nodes.node(1), "/ws", "tabs");
  second.send({ type: "room_message", content: { room: "tabs", text: "not mine" } });
  await second.hears("error", "FORBIDDEN");
  for (const one of [tab, second]) one.close();
}

async function comesBack(far: SocketListener, flow: Flow): Promise<void> {
  expect(await crossing(nodes.node(0), far)).toBeLessThan(BACK_WITHIN_MS);
  expect((await flow.finish()).published).toBeGreaterThan(10);
  await eventually(async () => (await call(nodes.node(0), "GET", "/readyz")).status === 200);
}

describe("while Redis", () => {
  it("is away, events flow where they are published, and all arrive everywhere afterwards", async () => {
    const { near, far, flow } = await begin("killed");
    const tab = await listenRaw(nodes.node(0), "/ws", "tabs");
    tab.send({ type: "join_room", content: "tabs" });
    tab.send({ type: "ping", content: null });
    await tab.hears("pong");
    await nodes.redis.stop();
    await notReady();
    await leavesTabs(tab);
    await goesOnHere(near, flow);
    await nodes.redis.restart();
    await comesBack(far, flow);
  });

  it("is frozen, the same", async () => {
    const { near, far, flow } = await begin("frozen");
    nodes.redis.pause();
    await notReady();
    await goesOnHere(near, flow);
    nodes.redis.resume();
    await comesBack(far, flow);
  });

  it("cuts every connection 20 times and carries 10 000 malformed messages, nothing is lost", async () => {
    const { far, flow } = await begin("cut");
    await cutConnections(nodes.redis.url, 20, 50);
    await eventually(() => crossing(nodes.node(0), far));
    await poison(nodes.redis.url, 10_000);
    await comesBack(far, flow);
    expect(far.socket.connected).toBe(true);
  });
});
