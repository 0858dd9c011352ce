// Every documented frame of every dialect, both ways, from test/vectors through the codecs; and what all codecs have in common.
import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/contract/errors.ts";
import { NAMESPACES } from "../../../src/contract/namespaces.ts";
import type { NamespaceRows } from "../../../src/contract/rows.ts";
import { DIALECTS } from "../../../src/raw/dialects/table.ts";
import { parseJson } from "../../../src/raw/message-handler.ts";
import { NOW, vectorsOf } from "../../support/vectors.ts";

/** What clients may send, in whichever namespace. */
const clientEvents = NAMESPACES.flatMap(({ client }) => Object.keys(client));
const dialects = DIALECTS.map((dialect) => [dialect.traits.speaks, dialect] as const);

describe.each(dialects)("%s", (speaks, { codec, namespace }) => {
  const vectors = vectorsOf(speaks);

  it.each(vectors.filter((vector) => vector.in !== undefined))("reads $in", (vector) => {
    const decoded = codec.decode(parseJson(Buffer.from(vector.in ?? "")));
    if (vector.failure === undefined) {
      expect(JSON.parse(JSON.stringify(decoded))).toEqual(vector.signal);
      expect(clientEvents).toContain("event" in decoded && decoded.event);
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

  it("has a vector for every event that it prints", () => {
    const rows: NamespaceRows | undefined = NAMESPACES.find(({ name }) => name === namespace);
    const printed = Object.entries(rows?.server ?? {}).flatMap(([event, { example }]) =>
      codec.encode(event, [example], NOW) === null ? [] : event,
    );
    const documented = vectors.flatMap(({ event, out }) => (event === undefined || out === null ? [] : event));
    expect(printed.filter((event) => !documented.includes(event))).toEqual([]);
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
