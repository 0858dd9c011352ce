// Holding the events of tests to their rows: what is right passes, and what is wrong would be found.
import { describe, expect, it } from "vitest";
import { channels } from "../../src/contract/channels.ts";
import { NAMESPACES } from "../../src/contract/namespaces.ts";
import { faultOf, faultOfAnswer } from "./check-events.ts";

const { example: chat } = channels.server.chat;
const meta = { channel: "rooms/class-7", offset: 1, id: "a" };

describe("an event", () => {
  it("passes as its row says it", () => {
    for (const { name, server } of NAMESPACES)
      for (const [event, row] of Object.entries(server))
        expect(faultOf(name, event, "durable" in row ? [row.example, meta] : [row.example])).toBeUndefined();
  });

  it.each([
    ["that there is not", "chatter", [chat]],
    ["with a wrong field", "chat", [{ ...chat, timestamp: "now" }]],
    ["without a field", "chat", [{ content: "hello" }]],
    ["with a field that nobody knows", "chat", [{ ...chat, colour: "red" }]],
    ["with a second argument that it has not", "chat", [chat, meta]],
    ["that is kept and does not say where", "room_message", [channels.server.room_message.example]],
    ["that says wrongly where it is kept", "room_message", [channels.server.room_message.example, { offset: 0 }]],
  ])("%s is found", (_what, event, args) => {
    expect(faultOf("/channels", event, args)).toBeTypeOf("string");
  });
});

describe("an answer", () => {
  it("passes as its row says it", () => {
    for (const { name, client } of NAMESPACES)
      for (const [event, { answerExample, whole }] of Object.entries(client))
        expect(faultOfAnswer(name, event, whole ? answerExample : { ok: true, ...answerExample })).toBeUndefined();
    const refused = { ok: false, error: { code: "RATE_LIMIT", message: "too many messages" } };
    expect(faultOfAnswer("/channels", "chat", refused)).toBeUndefined();
  });

  it.each([
    ["without a field", "chat", { ok: true }],
    ["with a field that nobody knows", "chat", { ok: true, id: "1", offset: 1 }],
    ["with an error that there is not", "chat", { ok: false, error: { code: "OOPS", message: "oops" } }],
    ["that is good, to an event that there is not", "chatter", { ok: true }],
  ])("%s is found", (_what, event, answer) => {
    expect(faultOfAnswer("/channels", event, answer)).toBeTypeOf("string");
  });
});
