// Frames as the server builds them, read by ws's own receiver.
import type { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import * as ws from "ws";

import { compressedFrame, shortReason, textFrame } from "../../src/web-socket/frame.ts";

/** ws exports these, its types do not know of them. */
const { PerMessageDeflate, Receiver } = ws as unknown as {
  PerMessageDeflate: new (options: object) => { accept(offers: object[]): void };
  Receiver: new (options: object) => Writable;
};

/** Reads frames as a client does. */
async function read(frames: readonly Buffer[], deflate: boolean): Promise<string[]> {
  const extension = new PerMessageDeflate({ isServer: false });
  extension.accept([{ server_no_context_takeover: [true], client_no_context_takeover: [true] }]);
  const receiver = new Receiver({ isServer: false, extensions: deflate ? { "permessage-deflate": extension } : {} });
  const texts: string[] = [];
  receiver.on("message", (data: Buffer) => texts.push(data.toString()));
  await new Promise<void>((resolve, reject) => {
    receiver.on("error", reject);
    receiver.on("finish", resolve);
    for (const frame of frames) receiver.write(frame);
    receiver.end();
  });
  return texts;
}

const TEXTS = [
  "",
  "a",
  "题".repeat(41),
  "x".repeat(125),
  "x".repeat(126),
  "y".repeat(65_535),
  "z".repeat(65_536),
  "é🦄".repeat(50_000),
];

describe("a frame", () => {
  it("holds its text, whatever the length", async () => {
    expect(await read(TEXTS.map(textFrame), false)).toEqual(TEXTS);
  });

  it("holds its text compressed, each on its own", async () => {
    const frames = TEXTS.map(compressedFrame);
    expect(await read(frames, true)).toEqual(TEXTS);
    expect(await read(frames.toReversed(), true)).toEqual(TEXTS.toReversed());
    expect(frames.at(-1)?.length).toBeLessThan(5000);
  });
});

it("a reason fits a close frame, and is cut between characters", () => {
  expect(shortReason("done")).toBe("done");
  expect(shortReason("x".repeat(200))).toBe("x".repeat(123));
  expect(shortReason("题".repeat(42))).toBe("题".repeat(41));
  expect(shortReason("🦄".repeat(31))).toBe("🦄".repeat(30));
});
