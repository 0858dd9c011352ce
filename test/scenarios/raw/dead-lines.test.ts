// A raw client that is back before its node knows that its old line is dead, as a phone that changes its network: it goes on there.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../support/classwire.ts";
import { type Cuttable, startCuttable } from "../../support/cuttable.ts";
import { addressOf, listen, listenRaw, type Nodes, type RawListener, startNodes } from "../nodes.ts";

let nodes: Nodes;
const lines: Cuttable[] = [];
beforeAll(async () => {
  nodes = await startNodes(2);
});
afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()));
  await nodes.close();
});

/** Connects over a line that can fall silent. */
async function overLine(node: TestServer, path: string, who: string): Promise<{ client: RawListener; line: Cuttable }> {
  const line = await startCuttable(() => Number(new URL(node.url).port));
  lines.push(line);
  return { client: await listenRaw(addressOf(line.url), path, who), line };
}

/** A probe takes two seconds: all tests here run at once, each with users and rooms of its own. */
const everywhere = it.concurrent.each([
  ["the same node", 0],
  ["another node", 1],
]);

describe("a client that is back before its dead line is noticed", () => {
  everywhere("goes on with its rooms on %s (gateway)", async (_where, index) => {
    const speaker = await listen(nodes.node(0), "/channels", `speaker${index}`);
    await speaker.ask("join_room", { room: `lab${index}` });
    const user = `gate${index}`;
    const { client, line } = await overLine(nodes.node(0), "/ws", user);
    client.send({ type: "join_room", content: `lab${index}` });
    await speaker.hears("presence", user);
    line.mute();
    await speaker.ask("room_message", { room: `lab${index}`, text: "to a dead line" });
    const again = await listenRaw(nodes.node(index), "/ws", user);
    await again.hears("room_message", "to a dead line");
    await speaker.ask("room_message", { room: `lab${index}`, text: "after" });
    await again.hears("room_message", "after");
    again.send({ type: "room_message", content: { room: `lab${index}`, text: "mine" } });
    await speaker.hears("room_message", "mine", user);
    expect(client.heard.filter(({ name }) => name === "room_message")).toEqual([]);
    for (const one of [speaker, again]) one.close();
  });

  everywhere("goes on with its subscriptions on %s (channels)", async (_where, index) => {
    const user = `chan${index}`;
    const session = `session${index}`;
    const call = async (path: string, body: unknown) =>
      expect((await nodes.node(index).call("POST", path, body)).status).toBe(201);
    const run = (stdout: string) =>
      call(`/api/v1/run-results/${session}`, { stdout, stderr: "", exitCode: 0, duration: 1 });
    await call("/api/v1/run-sessions", { sessionId: session, userId: user });
    const { client, line } = await overLine(nodes.node(0), "/", user);
    client.send({ type: "subscribe", channel: `run-results/${session}` });
    await client.hears("subscribed");
    line.mute();
    await run("to a dead line");
    const again = await listenRaw(nodes.node(index), "/", user);
    await again.hears("run-results", "to a dead line");
    await run("after");
    await again.hears("run-results", "after");
    again.close();
  });

  everywhere("is told again on %s what the dead line did not take (messenger)", async (_where, index) => {
    const user = `mess${index}`;
    const speaker = await listen(nodes.node(0), "/channels", `writer${index}`);
    const { client, line } = await overLine(nodes.node(0), "/api/ws/connect", user);
    client.send({ type: "ping", content: "" });
    await client.hears("ping");
    line.mute();
    await speaker.ask("user_message", { to: user, text: "to a dead line" });
    const again = await listenRaw(nodes.node(index), "/api/ws/connect", user);
    await again.hears("chat", "to a dead line");
    await speaker.ask("user_message", { to: user, text: "after" });
    await again.hears("chat", "after");
    for (const one of [speaker, again]) one.close();
  });

  everywhere("hears on %s what its dead line did not take (dashboard)", async (_where, index) => {
    const user_id = 700 + index;
    const score = async (points: number) => {
      const quiz = {
        user_id,
        topic_id: "constants",
        chapter_id: "boolean-constants",
        score: points,
        total_questions: 9,
      };
      expect((await nodes.node(index).call("POST", "/api/v1/quizzes", quiz)).status).toBe(201);
    };
    const path = "/api/v1/ws/dashboard";
    const { client, line } = await overLine(nodes.node(0), path, String(user_id));
    await client.hears("connection");
    line.mute();
    await score(1);
    const again = await listenRaw(nodes.node(index), path, String(user_id));
    await again.hears("quiz_completed", '"score":1');
    await score(2);
    await again.hears("quiz_completed", '"score":2');
    again.close();
  });

  everywhere(
    "inherits nothing on %s from a tab that lives, which keeps all, as a Socket.IO client does",
    async (_where, index) => {
      const user = `tabs${index}`;
      const room = `tabs-room${index}`;
      const socket = await listen(nodes.node(0), "/channels", user);
      await socket.ask("join_room", { room });
      const first = await listenRaw(nodes.node(0), "/ws", user);
      first.send({ type: "join_room", content: room });
      first.send({ type: "ping", content: null });
      await first.hears("pong");
      const second = await listenRaw(nodes.node(index), "/ws", user);
      second.send({ type: "room_message", content: { room, text: "not joined" } });
      await second.hears("error", "FORBIDDEN");
      await socket.ask("room_message", { room, text: "to the first" });
      await first.hears("room_message", "to the first");
      await socket.hears("room_message", "to the first");
      second.send({ type: "ping", content: null });
      await second.hears("pong");
      expect(second.heard.filter(({ name }) => name === "room_message")).toEqual([]);
      expect(socket.socket.connected).toBe(true);
      for (const one of [socket, first, second]) one.close();
    },
  );

  it.concurrent("does not wait for dead lines that it has left on its way, which take nothing", async () => {
    const joins: string[] = [];
    for (const { classwire } of nodes.all)
      classwire.io.of("/channels").adapter.on("join-room", (room: string, id: string) => {
        if (room === "rooms/on-my-way") joins.push(id);
      });
    const { client, line } = await overLine(nodes.node(0), "/ws", "roamer");
    client.send({ type: "join_room", content: "on-my-way" });
    client.send({ type: "ping", content: null });
    await client.hears("pong");
    line.mute();
    for (const node of nodes.all) (await overLine(node, "/ws", "roamer")).line.mute();
    const again = await listenRaw(nodes.node(1), "/ws", "roamer");
    again.send({ type: "room_message", content: { room: "on-my-way", text: "here" } });
    await again.hears("room_message", "here");
    expect(joins).toHaveLength(2); // the first one and the last
    again.close();
  });
});
