// Calls as data: paths, checked bodies, and batches that keep to the server's limits.
import { expect, test } from "vitest";
import { split } from "../../src/emitter/batch.ts";
import { calls } from "../../src/emitter/calls.ts";
import { createEmitter } from "../../src/emitter/index.ts";

test("a call names its path and carries only what the schema knows", () => {
  const call = calls.notify({ userId: "1", title: "t", message: "m", ...{ unknown: true } });
  expect(call).toMatchObject({ method: "POST", path: "/api/v1/notifications" });
  expect(call.body).toEqual({ userId: "1", title: "t", message: "m" });
  expect(calls.sendToRoom("a:b", { text: "x" }).path).toBe("/api/v1/rooms/a%3Ab/messages");
});

test("a bad body is refused before anything is sent, field by field", () => {
  const bad = () => calls.updateProgress({ user_id: -1, topic_id: "a b", chapter_id: "c", completed: true });
  expect(bad).toThrow(
    expect.objectContaining({
      code: "INVALID_MESSAGE",
      fields: { user_id: expect.any(String), topic_id: expect.any(String) },
    }),
  );
  expect(() => calls.sendToRoom("no spaces", { text: "x" })).toThrow(
    expect.objectContaining({ code: "INVALID_MESSAGE" }),
  );
  expect(() => calls.notify({ title: "t", message: "m" })).toThrow(/exactly one of userId and everyone/);
});

test("batches are cut at 1 000 calls and before 8 MB", () => {
  const small = { call: calls.notify({ userId: "1", title: "t", message: "m" }) };
  expect(split(Array.from({ length: 2500 }, () => small)).map((part) => part.length)).toEqual([1000, 1000, 500]);
  const stdout = "好".repeat(80_000); // 240 KB as UTF-8
  const large = { call: calls.pushRunResult("s", { stdout, stderr: "", exitCode: 0, duration: 1 }) };
  const parts = split(Array.from({ length: 70 }, () => large));
  expect(parts.flat()).toHaveLength(70);
  for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(8_000_000);
});

test("an emitter without anything to send through is refused", () => {
  expect(() => createEmitter({} as never)).toThrow(/redis, api or both/);
});
