// Messages that a client sends again, because it does not know whether they have arrived: kept and delivered once.
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nodes, startNodes } from "../../scenarios/nodes.ts";
import { next } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { type Inbox, inboxOf } from "../../support/inbox.ts";

let nodes: Nodes;
beforeAll(async () => {
  nodes = await startNodes(2);
});
afterAll(() => nodes.close());

async function open(node: number, user: string): Promise<{ socket: Socket; inbox: Inbox }> {
  const socket = nodes.node(node).connect("/channels", user);
  const inbox = inboxOf(socket);
  await next(socket, "connected");
  return { socket, inbox };
}

/** The texts that are kept in a channel. */
async function kept(channel: string): Promise<string[]> {
  const { body } = await nodes.node(0).call("GET", `/api/v1/channels/${channel}/events`);
  return body.events.map(({ data }: { data: { text?: string; content?: string } }) => data.text ?? data.content);
}

describe("a message that is sent again with its id", () => {
  it("to a room is the first one: one event, one delivery, the same answer", async () => {
    const [here, there] = await Promise.all([open(0, "w1"), open(1, "w1")]);
    const reader = await open(1, "r1");
    for (const { socket } of [here, there, reader])
      expect(await socket.emitWithAck("join_room", { room: "once" })).toMatchObject({ ok: true });
    const message = { room: "once", text: "first", id: "m-1" };
    const first = await here.socket.emitWithAck("room_message", message);
    expect(first).toEqual({ ok: true, id: expect.any(String), offset: 1 });
    for (const { socket } of [here, there])
      expect(await socket.emitWithAck("room_message", message)).toEqual({ ...first, repeated: true });
    // What else it says then does not count.
    expect(await there.socket.emitWithAck("room_message", { ...message, text: "other" })).toEqual({
      ...first,
      repeated: true,
    });
    await here.socket.emitWithAck("room_message", { room: "once", text: "second", id: "m-2" });
    await here.socket.emitWithAck("room_message", { room: "once", text: "third" });
    await reader.inbox.wait("room_message", 3);
    expect(reader.inbox.payloads("room_message")).toMatchObject([
      { text: "first" },
      { text: "second" },
      { text: "third" },
    ]);
    expect(await kept("rooms/once")).toEqual(["first", "second", "third"]);
  });

  it("on two nodes at the same moment is one", async () => {
    const [here, there] = await Promise.all([open(0, "w2"), open(1, "w2")]);
    for (let round = 0; round < 20; round++) {
      const message = { to: "r2", text: `round ${round}`, id: `m-${round}` };
      const [one, other] = await Promise.all(
        [here, there].map(({ socket }) => socket.emitWithAck("user_message", message)),
      );
      expect(one.id).toBe(other.id);
      expect([one.repeated, other.repeated].filter((repeated) => repeated === true)).toHaveLength(1);
    }
    expect(await kept("messages/r2")).toEqual(Array.from({ length: 20 }, (_, round) => `round ${round}`));
  });

  it("by another user, or to another channel, is another message", async () => {
    const [one, other] = await Promise.all([open(0, "w3"), open(0, "w4")]);
    const answers = [
      await one.socket.emitWithAck("user_message", { to: "r3", text: "a", id: "same" }),
      await other.socket.emitWithAck("user_message", { to: "r3", text: "b", id: "same" }),
      await one.socket.emitWithAck("user_message", { to: "r4", text: "c", id: "same" }),
      await one.socket.emitWithAck("chat", { to: "r3", content: "d", id: "another" }),
      // A chat to one user is a message to one user.
      await one.socket.emitWithAck("chat", { to: "r3", content: "e", id: "same" }),
    ];
    expect(new Set(answers.slice(0, 4).map(({ id }) => id)).size).toBe(4);
    expect(answers.slice(0, 4).some((answer) => "repeated" in answer)).toBe(false);
    expect(answers[4]).toEqual({ ok: true, id: answers[0].id, repeated: true });
    expect(await kept("messages/r3")).toEqual(["a", "b", "d"]);
  });

  it("to everyone is said once, on whatever node", async () => {
    const [here, there] = await Promise.all([open(0, "w5"), open(1, "w5")]);
    const reader = await open(1, "r5");
    // At the same moment on two nodes: the other one may be refused, as one of too many in a second, but is not said as well.
    const answers = await Promise.all(
      [here, there].map(({ socket }) => socket.emitWithAck("chat", { content: "hello", id: "c-1" })),
    );
    const [first, ...others] = answers.filter(({ ok, repeated }) => ok && repeated === undefined);
    expect(first).toEqual({ ok: true, id: expect.any(String) });
    expect(others).toEqual([]);
    // It is the same message, and not one of too many in a second.
    for (const { socket } of [there, here, there])
      expect(await socket.emitWithAck("chat", { content: "hello", id: "c-1" })).toEqual({ ...first, repeated: true });
    await retried(here.socket, { content: "the end", id: "c-2" });
    await eventually(() => reader.inbox.payloads("chat").some(({ content }) => content === "the end"));
    expect(reader.inbox.payloads("chat")).toMatchObject([{ content: "hello" }, { content: "the end" }]);
  });

  it("is refused where the id is none, by name", async () => {
    const { socket } = await open(0, "w6");
    for (const id of ["", "x".repeat(65), 7, "\u0000"]) {
      const answer = await socket.emitWithAck("user_message", { to: "r6", text: "a", id });
      expect(answer).toMatchObject({
        ok: false,
        error: { code: "INVALID_MESSAGE", message: expect.stringMatching(/^id /) },
      });
    }
    expect(await kept("messages/r6")).toEqual([]);
  });
});

/** One message a second may go to everyone: asks until it may. */
async function retried(socket: Socket, message: object): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await socket.emitWithAck("chat", message);
    if (answer.ok === true || answer.error.code !== "RATE_LIMIT") return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
