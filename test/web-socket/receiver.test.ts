// The reading side of a WebSocket, beside that of ws: the same bytes, cut anywhere, give the same messages and the same faults.
import type { EventEmitter } from "node:events";
import { deflateRawSync, constants as zlib } from "node:zlib";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { Receiver } from "../../src/web-socket/receiver.ts";
import { seeded } from "../support/random.ts";

const LIMIT = 1000;

/** A client's frame: first byte, payload, and what may be wrong with it. */
function frame(first: number, payload: string | Buffer, mask = [1, 2, 3, 4]): Buffer {
  const data = Buffer.from(payload);
  const { length } = data;
  const head =
    length < 126
      ? [first, 0x80 | length]
      : length < 65_536
        ? [first, 0xfe, length >> 8, length & 255]
        : [first, 0xff, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.from(mask), data.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

const compressed = (text: string): Buffer => deflateRawSync(text, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4);

/** What a receiver hears of these chunks. */
function heard(
  chunks: readonly Buffer[],
  inflates = true,
  onEach = (_receiver: Receiver): void => undefined,
): string[] {
  const said: string[] = [];
  const receiver: Receiver = new Receiver(
    {
      onMessage(data, isBinary) {
        said.push(`${isBinary ? "binary" : "text"} ${data.toString()}`);
        onEach(receiver);
      },
      onPing: (payload) => void said.push(`ping ${payload}`),
      onPong: (payload) => void said.push(`pong ${payload}`),
      onCloseFrame: (code) => void said.push(`close ${code}`),
      onFault: ({ code, reason }) => void said.push(`fault ${code} ${reason}`),
    },
    LIMIT,
    inflates,
  );
  for (const chunk of chunks) receiver.receive(Buffer.from(chunk)); // it takes masks off in place
  return said;
}

/** ws exports it, its types do not know of it. */
const { Receiver: WsReceiver } = ws as unknown as {
  Receiver: new (options: object) => EventEmitter & { write(chunk: Buffer): void };
};

/** What ws hears of the same chunks. */
async function heardByWs(chunks: readonly Buffer[]): Promise<string[]> {
  const said: string[] = [];
  const receiver = new WsReceiver({ isServer: true, maxPayload: LIMIT, allowSynchronousEvents: true });
  let isOver = false;
  receiver.on("message", (data: Buffer, isBinary: boolean) => said.push(`${isBinary ? "binary" : "text"} ${data}`));
  receiver.on("ping", (payload: Buffer) => said.push(`ping ${payload}`));
  receiver.on("pong", (payload: Buffer) => said.push(`pong ${payload}`));
  receiver.on("conclude", (code: number) => {
    said.push(`close ${code}`);
    isOver = true;
  });
  receiver.on("error", (error: object) => {
    const [status] = Object.getOwnPropertySymbols(error).map((key) => Reflect.get(error, key));
    said.push(`fault ${status}`);
    isOver = true;
  });
  for (const chunk of chunks) if (!isOver) receiver.write(Buffer.from(chunk));
  await new Promise(setImmediate); // a stream tells of errors a tick later
  return said;
}

const close = (code: number, reason: string | Buffer = ""): Buffer =>
  frame(0x88, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
const bytewise = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.from([byte]));

describe("a receiver", () => {
  it.each<[what: string, bytes: readonly Buffer[], said: readonly string[]]>([
    ["a text", [frame(0x81, "词法元素")], ["text 词法元素"]],
    ["an empty text", [frame(0x81, "")], ["text "]],
    ["a binary message", [frame(0x82, "abc")], ["binary abc"]],
    ["several in one chunk", [frame(0x81, "a"), frame(0x81, "b"), frame(0x89, "c")], ["text a", "text b", "ping c"]],
    ["a length of two bytes", [frame(0x81, "x".repeat(500))], [`text ${"x".repeat(500)}`]],
    ["fragments", [frame(0x01, "a"), frame(0x00, "b"), frame(0x80, "c")], ["text abc"]],
    ["a ping between fragments", [frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b")], ["ping p", "text ab"]],
    [
      "a character in two fragments",
      [frame(0x01, Buffer.from([0xe8, 0xaf])), frame(0x80, Buffer.from([0x8d]))],
      ["text 词"],
    ],
    ["an empty fragment", [frame(0x01, ""), frame(0x00, ""), frame(0x80, "x")], ["text x"]],
    ["a compressed message", [frame(0xc1, compressed("lesson "))], ["text lesson "]],
    [
      "a compressed one in fragments",
      [frame(0x41, compressed("lesson").subarray(0, 3)), frame(0x80, compressed("lesson").subarray(3))],
      ["text lesson"],
    ],
    ["an empty compressed one", [frame(0xc1, Buffer.from([0]))], ["text "]],
    ["a pong", [frame(0x8a, "7")], ["pong 7"]],
    ["a close frame, and nothing after it", [close(1000, "bye"), frame(0x81, "x")], ["close 1000"]],
    ["one without a code", [frame(0x88, "")], ["close 1005"]],
    ["one with a code of the application's", [close(4000)], ["close 4000"]],
    ["RSV2", [frame(0xa1, "x")], ["fault 1002 a reserved bit is set"]],
    ["RSV1 on a continuation", [frame(0x01, "a"), frame(0xc0, "b")], ["fault 1002 RSV1 is set"]],
    ["RSV1 on a ping", [frame(0xc9, "")], ["fault 1002 RSV1 is set"]],
    ["a reserved opcode", [frame(0x83, "x")], ["fault 1002 the opcode 3 is reserved"]],
    ["a reserved control opcode", [frame(0x8b, "")], ["fault 1002 the opcode 11 is reserved"]],
    ["no mask", [Buffer.from([0x81, 1, 97])], ["fault 1002 the frame is not masked"]],
    ["a fragmented ping", [frame(0x09, "")], ["fault 1002 a control frame is fragmented"]],
    ["a long ping", [frame(0x89, "x".repeat(126))], ["fault 1002 a control frame is too long"]],
    ["a continuation of nothing", [frame(0x80, "x")], ["fault 1002 there is nothing to continue"]],
    ["a message within another", [frame(0x01, "a"), frame(0x81, "b")], ["fault 1002 the message before has not ended"]],
    ["text that is not UTF-8", [frame(0x81, Buffer.from([0xc3, 0x28]))], ["fault 1007 the text is not UTF-8"]],
    [
      "a message that is too long",
      [frame(0x81, "x".repeat(LIMIT + 1))],
      ["fault 1009 messages have at most 1000 bytes"],
    ],
    [
      "one that is too long in fragments",
      [frame(0x01, "x".repeat(LIMIT)), frame(0x80, "x")],
      ["fault 1009 messages have at most 1000 bytes"],
    ],
    [
      "one that is too long inflated",
      [frame(0xc1, compressed("x".repeat(LIMIT + 1)))],
      ["fault 1009 messages have at most 1000 bytes"],
    ],
    [
      "one whose length says more than there can be",
      [Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])],
      ["fault 1009 messages have at most 1000 bytes"],
    ],
    [
      "a length with its highest bit set",
      [Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])],
      ["fault 1002 the length is no length"],
    ],
    ["what cannot be inflated", [frame(0xc1, "nonsense")], ["fault 1007 the compressed message cannot be read"]],
    ["a close frame of one byte", [frame(0x88, "x")], ["fault 1002 the close code is not valid"]],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map((code): [string, Buffer[], string[]] => [
      `close code ${code}`,
      [close(code)],
      ["fault 1002 the close code is not valid"],
    ]),
    ["a reason that is not UTF-8", [close(1000, Buffer.from([0xff]))], ["fault 1007 the reason is not UTF-8"]],
  ])("reads %s, however it is cut", (_what, frames, said) => {
    const bytes = Buffer.concat(frames);
    expect(heard([bytes])).toEqual(said);
    expect(heard(bytewise(bytes))).toEqual(said);
    for (let at = 1; at < Math.min(bytes.length, 40); at++)
      expect(heard([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(said);
  });

  it("takes no compressed message where that was not agreed on", () => {
    expect(heard([frame(0xc1, compressed("x"))], false)).toEqual(["fault 1002 RSV1 is set"]);
  });

  it("reads nothing while it is paused, and everything in order after", () => {
    const bytes = Buffer.concat(["a", "b", "c"].map((text) => frame(0x81, text)));
    const receivers: Receiver[] = [];
    const said = heard([bytes, frame(0x81, "d")], true, (receiver) => {
      receivers.push(receiver);
      receiver.pause();
    });
    expect(said).toEqual(["text a"]);
    const [receiver] = receivers;
    expect([receiver?.resume(), receiver?.resume(), receiver?.resume()]).toEqual([false, false, false]);
    expect(said).toEqual(["text a", "text b", "text c", "text d"]);
    expect(receiver?.resume()).toBe(true);
  });

  it("reads any cut of a stream, whole or damaged, as ws does", async () => {
    const random = seeded(7);
    const kinds = [0x81, 0x81, 0x82, 0x89, 0x8a, 0x01, 0x80, 0x88];
    let faults = 0;
    for (let round = 0; round < 2000; round++) {
      const frames = Array.from({ length: 1 + random.below(5) }, () =>
        frame(random.pick(kinds), random.oneIn(4) ? random.bytes(random.below(300)) : "é".repeat(random.below(100)), [
          ...random.bytes(4),
        ]),
      );
      const bytes = Buffer.concat(frames);
      if (random.oneIn(2)) bytes[random.below(bytes.length)] = random.below(256);
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + random.below(400);
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      const said = heard(chunks, false).map((line) => line.replace(/^(fault \d+).*/s, "$1"));
      if (said.at(-1)?.startsWith("fault") === true) faults++;
      expect({ round, said }).toEqual({ round, said: await heardByWs(chunks) });
    }
    expect(faults).toBeGreaterThan(100);
  });

  it("takes a large message byte by byte in linear time", () => {
    const said: number[] = [];
    const receiver = new Receiver(
      {
        onMessage: (data) => void said.push(data.length),
        onPing: () => undefined,
        onPong: () => undefined,
        onCloseFrame: () => undefined,
        onFault: () => undefined,
      },
      1_000_000,
      false,
    );
    for (const byte of frame(0x82, Buffer.alloc(500_000))) receiver.receive(Buffer.from([byte]));
    expect(said).toEqual([500_000]); // joining what there is at each byte would copy 125 GB
  });
});
