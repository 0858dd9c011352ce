// Every documented frame of every dialect, both ways, from test/vectors through the codecs; and what all codecs have in common.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ErrorCode, Failure } from "../../../src/contract/errors.ts";
import { CLIENT_EVENTS, type ClientEventName } from "../../../src/contract/namespaces.ts";
import { rfc3339 } from "../../../src/contract/time.ts";
import type { Answer } from "../../../src/raw/codec.ts";
import { DIALECTS } from "../../../src/raw/dialects/table.ts";
import { parseJson } from "../../../src/raw/message-handler.ts";

/** The time that every codec is given: 2025-12-26T14:05:30+08:00. */
const NOW = 1_766_729_130_000;

/** One line of a file of vectors: exactly one of `in`, `event`, `answered` and `refused`. */
interface Vector {
  /** A client's frame as text, with the `signal` that it means or the `failure` that it is. */
  in?: string;
  signal?: { event: string; payload?: unknown };
  failure?: ErrorCode;
  message?: string;
  /** A namespace's event with its `args`, and `out`, the frame that goes to the client; null is none. */
  event?: string;
  args?: unknown[];
  out?: unknown;
  /** The signal that the namespace answered, and its `answer`. */
  answered?: ClientEventName;
  answer?: Answer;
  /** The code of a failure that the client is told. */
  refused?: ErrorCode;
}

function vectorsOf(dialect: string): Vector[] {
  const text = readFileSync(new URL(`../../vectors/${dialect}.json`, import.meta.url), "utf8");
  return JSON.parse(text.replaceAll("$rfc3339", rfc3339(new Date(NOW)))) as Vector[];
}

describe.each(DIALECTS.map((dialect) => [dialect.traits.speaks, dialect] as const))("%s", (speaks, { codec }) => {
  const vectors = vectorsOf(speaks);

  it.each(vectors.filter((vector) => vector.in !== undefined))("reads $in", (vector) => {
    const decoded = codec.decode(parseJson(Buffer.from(vector.in ?? "")));
    if (vector.failure === undefined) {
      expect(JSON.parse(JSON.stringify(decoded))).toEqual(vector.signal);
      expect(CLIENT_EVENTS).toContain("event" in decoded && decoded.event);
    } else {
      expect(decoded).toBeInstanceOf(Failure);
      expect(decoded).toMatchObject({ code: vector.failure, message: vector.message });
    }
  });

  it.each(vectors.filter((vector) => vector.event !== undefined))(
    "prints $event $args",
    ({ event = "", args = [], out }) => {
      expect(parsed(codec.encode(event, args, NOW))).toEqual(out);
    },
  );

  it.each(vectors.filter((vector) => vector.answered !== undefined))(
    "answers $answered",
    ({ answered, answer, out }) => {
      if (answered === undefined || answer === undefined) throw new Error("an answer is missing");
      expect(parsed(codec.answer(answered, answer, NOW))).toEqual(out);
    },
  );

  it.each(vectors.filter((vector) => vector.refused !== undefined))("refuses with $refused", ({ refused, out }) => {
    if (refused === undefined) throw new Error("a code is missing");
    expect(parsed(codec.error(new Failure(refused), NOW))).toEqual(out);
  });

  it("sends nothing for an event that it does not document, whatever its name and payload", () => {
    for (const event of ["", "nonsense", "__proto__", "hasOwnProperty", "disconnect", "ack"]) {
      for (const args of [[], [null], ["text"], [{}], [[]], [{ __proto__: null }]]) {
        expect(codec.encode(event, args, NOW)).toBeNull();
      }
    }
  });

  it("stands payloads of any kind from foreign emitters, and sends nothing for what is no object", () => {
    const known = vectors.flatMap(({ event }) => event ?? []);
    for (const event of known) {
      for (const payload of [undefined, null, 7, "text", []]) expect(codec.encode(event, [payload], NOW)).toBeNull();
      for (const payload of [{}, { data: null }, { data: 3 }, { timestamp: {} }]) {
        const text = codec.encode(event, [payload], NOW);
        if (text !== null) expect(JSON.parse(text)).toBeTypeOf("object");
      }
    }
  });

  it("refuses what is nested too deep, except where every frame counts as a heartbeat", () => {
    const deep = `{"type":"chat","content":${"[".repeat(40)}${"]".repeat(40)}}`;
    const decoded = codec.decode(JSON.parse(deep));
    if (speaks === "study-time") expect(decoded).toEqual({ event: "heartbeat", payload: null });
    else expect(decoded).toMatchObject({ code: "INVALID_MESSAGE", message: "the frame is nested more than 32 deep" });
  });
});

it("every dialect has a path of its own", () => {
  expect(new Set(DIALECTS.map(({ path }) => path)).size).toBe(5);
});

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
