// Depth: found without decoding, for every format of MessagePack and for JSON, and never where there is none.
import { encode } from "notepack.io";
import { expect, it } from "vitest";
import { isDeepJson, isDeepMessagePack, MAX_DEPTH } from "../../../src/cluster/redis/nesting-depth.ts";

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

it("tells how deep a value nests, in both encodings", () => {
  for (const depth of [0, 1, MAX_DEPTH]) {
    expect(isDeepJson(Buffer.from(JSON.stringify(nested(depth))))).toBe(false);
    expect(isDeepMessagePack(encode(nested(depth)))).toBe(false);
  }
  expect(isDeepJson(Buffer.from(JSON.stringify(nested(MAX_DEPTH + 1))))).toBe(true);
  expect(isDeepMessagePack(encode(nested(MAX_DEPTH + 1)))).toBe(true);
});

it("counts no brackets that are text", () => {
  expect(isDeepJson(Buffer.from(JSON.stringify({ text: '\\"[{'.repeat(1000), end: "\\" })))).toBe(false);
  expect(isDeepMessagePack(encode(["\x91".repeat(1000), Buffer.alloc(70_000, 0x91)]))).toBe(false);
});

it("goes past values of every format to the end", () => {
  const of = (length: number) => "x".repeat(length);
  const many = (length: number) => Array.from({ length }, (_, index) => index);
  const keys = (length: number) => Object.fromEntries(many(length).map((key) => [`k${key}`, null]));
  const values = [
    [
      null,
      true,
      false,
      0,
      127,
      200,
      60_000,
      4_000_000_000,
      2 ** 50,
      -1,
      -100,
      -30_000,
      -2_000_000_000,
      -(2 ** 50),
      1.5,
    ],
    [of(31), of(200), of(60_000), of(70_000), Buffer.alloc(200), Buffer.alloc(60_000), Buffer.alloc(70_000)],
    [many(15), many(60_000), many(70_000), keys(15), keys(60_000), keys(70_000), new Date(), [], {}],
  ];
  for (const value of [...values, values]) {
    const message = encode(value);
    expect(isDeepMessagePack(message)).toBe(false);
    expect(isDeepMessagePack(message.subarray(0, -1))).toBe(true); // cut short
    expect(isDeepMessagePack(Buffer.concat([Buffer.from([0x92]), message]))).toBe(true); // one is missing
  }
  const extensions = [0xc7, 0xc8, 0xc9].map((type, index) => [type, ...Array(2 ** index - 1).fill(0), 2, 5, 1, 1]);
  const fixed = [0xd4, 0xd5, 0xd6, 0xd7, 0xd8].map((type, power) => [type, 5, ...Array(2 ** power).fill(0)]);
  const floats = [[0xca, 0, 0, 0, 0]];
  const all = [...extensions, ...fixed, ...floats];
  expect(isDeepMessagePack(Buffer.from([0x90 + all.length, ...all.flat()]))).toBe(false);
});

it("stops where more is promised than there is", () => {
  for (const message of [[], [0xdd, 255, 255, 255, 255], [0xdf, 0, 0], [0x93, 0xa1, 0x78]]) {
    expect(isDeepMessagePack(Buffer.from(message))).toBe(true);
  }
  expect(isDeepMessagePack(Buffer.alloc(1_000_000, 0x91))).toBe(true);
  expect(isDeepJson(Buffer.alloc(1_000_000, "["))).toBe(true);
});
