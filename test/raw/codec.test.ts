// Codecs made of mappings: what is the same in every dialect, and names that the rows of the namespace do not have.
import { expect, it } from "vitest";
import type { channels } from "../../src/contract/channels.ts";
import type { dashboard } from "../../src/contract/dashboard.ts";
import { Failure } from "../../src/contract/errors.ts";
import { createCodec } from "../../src/raw/codec.ts";

const codec = createCodec<typeof dashboard>({
  frames: { hello: () => ({ event: "ping" }), bye: () => new Failure("FORBIDDEN") },
  events: {
    progress_updated: ({ chapter_id }, now, { offset }) => ({ chapter_id, now, offset }),
    quiz_completed: ({ passed }) => (passed === true ? { passed } : null),
  },
  answers: { ping: ({ timestamp }, now) => ({ timestamp, now }) },
  error: ({ code }, now, answer) => ({ code, now, answered: answer !== undefined }),
});

it("a frame means what its type maps to; other types are named", () => {
  expect(codec.decode({ type: "hello" })).toEqual({ event: "ping" });
  expect(codec.decode({ type: "bye" })).toMatchObject({ code: "FORBIDDEN" });
  for (const frame of [{}, { type: 1 }, { type: "constructor" }, { type: ["hello"] }]) {
    expect(codec.decode(frame)).toMatchObject({
      code: "INVALID_MESSAGE",
      message: expect.stringContaining("hello, bye"),
    });
  }
});

it("an event becomes its frame, with what the log says of it; others become none", () => {
  const meta = { channel: "dashboard/1", offset: 4, id: "i" };
  expect(codec.encode("progress_updated", [{ chapter_id: "a" }, meta], 9)).toBe(
    '{"chapter_id":"a","now":9,"offset":4}',
  );
  expect(codec.encode("progress_updated", [{ chapter_id: "a" }], 9)).toBe('{"chapter_id":"a","now":9}');
  expect(codec.encode("quiz_completed", [{ passed: false }], 9)).toBeNull();
  expect(codec.encode("connected", [{}], 9)).toBeNull();
  expect(codec.encode("toString", [{}], 9)).toBeNull();
});

it("answers and errors have a frame each; an answer without one is none", () => {
  expect(codec.answer("ping", { ok: true, timestamp: "t" }, 9)).toBe('{"timestamp":"t","now":9}');
  expect(codec.answer("ack", { ok: true }, 9)).toBeNull();
  const failed = { ok: false, error: { code: "FORBIDDEN", message: "no" } } as const;
  expect(codec.answer("ack", failed, 9)).toBe('{"code":"FORBIDDEN","now":9,"answered":true}');
  expect(codec.answer("ack", { ok: false, error: { code: "no code", message: "" } }, 9)).toContain('"SERVER_ERROR"');
  expect(codec.error(new Failure("RATE_LIMIT"), 9)).toBe('{"code":"RATE_LIMIT","now":9,"answered":false}');
});

it("names of events and fields that the namespace does not have do not compile", () => {
  const none = { frames: {}, events: {}, answers: {}, error: () => ({}) };
  // @ts-expect-error an event of another namespace
  createCodec<typeof channels>({ ...none, events: { quiz_completed: () => ({}) } });
  // @ts-expect-error a field that the event does not have
  createCodec<typeof dashboard>({ ...none, events: { quiz_completed: ({ points }) => ({ points }) } });
  // @ts-expect-error an event that no client of the namespace may send
  createCodec<typeof dashboard>({ ...none, frames: { chat: () => ({ event: "chat" }) } });
  // @ts-expect-error an answer to an event that there is not
  createCodec<typeof dashboard>({ ...none, answers: { pong: () => ({}) } });
  expect(none.events).toEqual({});
});
