// A publish that is tried again and again with the same key, on two nodes and over a restart of Redis, happens once.
import { afterAll, beforeAll, expect, it } from "vitest";
import { signToken } from "../support/tokens.ts";
import { type Nodes, startNodes } from "./nodes.ts";

let nodes: Nodes;
beforeAll(async () => {
  nodes = await startNodes(2);
});
afterAll(() => nodes.close());

async function publish(index: number): Promise<{ status: number; text: string }> {
  const response = await fetch(`${nodes.node(index).url}/api/v1/notifications`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${signToken({ sub: "1", role: "service" })}`,
      "content-type": "application/json",
      "idempotency-key": "the same key",
    },
    body: JSON.stringify({ userId: "u1", title: "once", message: "m" }),
  });
  return { status: response.status, text: await response.text() };
}

it("makes one event and gives one answer, five times", async () => {
  const answers = await Promise.all([publish(0), publish(1)]);
  answers.push(await publish(1));
  await nodes.redis.stop();
  answers.push(await publish(0));
  await nodes.redis.restart();
  answers.push(await publish(1));

  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const { body } = await nodes.node(0).call("GET", "/api/v1/channels/notifications/u1/events");
  expect(body.events).toHaveLength(1);
  expect(body.head).toBe(1);
});
