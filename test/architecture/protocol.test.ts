// The protocol of the raw dialects as docs/protocol.md describes it: its generated parts are those that the frames and rows give.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fieldsOf } from "../../scripts/protocol-fields.ts";
import { protocolDocument } from "../../scripts/protocol-parts.ts";
import { root } from "../support/source-files.ts";

const text = readFileSync(join(root, "docs/protocol.md"), "utf8");

describe("docs/protocol.md", () => {
  it("is up to date: npm run docs changes nothing", () => {
    expect(protocolDocument(text)).toBe(text);
  });

  it("would be caught out of date, and with a part missing or unknown", () => {
    expect(protocolDocument(text.replaceAll("progress_updated", "progress_changed"))).toBe(text);
    expect(() => protocolDocument(text.replace("generated: gateway:client", "generated: gateway:clients"))).toThrow(
      "nothing generates gateway:clients",
    );
    expect(() => protocolDocument("")).toThrow("no place for overview");
  });
});

it("fields of frames have the types and units that their values show", () => {
  const frames = [
    { type: "a", timestamp: 1_766_729_130, content: { id: 7, tags: [], at: "2025-12-26T14:05:30+08:00" } },
    { type: "a", timestamp: 1_766_729_130_000, content: { id: "x", note: null, at: "2025-12-26T14:05:30+08:00" } },
  ];
  expect(fieldsOf(frames, { "content.tags": "labels" })).toEqual([
    '`type`: `"a"`',
    "`timestamp`: epoch seconds or epoch milliseconds",
    "`content.id`: integer or string",
    "`content.tags` (optional): labels",
    "`content.at`: RFC 3339 time",
    "`content.note` (optional): null",
  ]);
});
