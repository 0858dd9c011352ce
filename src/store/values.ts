// How values travel on the raw path, as text in both directions and the same on PostgreSQL and PGlite.
import { parse as parseArray } from "postgres-array";

/** Turns the text form of a value that is not null into a JavaScript value. */
export type Parse = (text: string) => unknown;

/**
 * How a column of this type is read; types that are not in the table stay text.
 * @param type the type's object identifier in `pg_type`
 */
export function parserOf(type: number): Parse {
  return PARSERS[type] ?? asText;
}

/** The text form of a parameter, null for null and undefined. The server infers its type from the statement. */
export function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return `{${value.map(toElement).join(",")}}`;
  switch (typeof value) {
    case "string":
      return value;
    case "object":
      if (value instanceof Date) return value.toISOString();
      if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** An element of an array literal (PostgreSQL documentation, 8.15.6): nested arrays stay bare, all else is quoted. */
function toElement(value: unknown): string {
  const text = toText(value);
  if (text === null) return "NULL";
  return Array.isArray(value) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

const asText: Parse = (text) => text;
const asBoolean: Parse = (text) => text === "t";
const asJson: Parse = (text) => JSON.parse(text);
/** A bigint as a number where that loses nothing. */
const asBigint: Parse = (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text));
/** `2026-11-21 03:21:21.488+00`: sessions are in UTC, so the offset is always this one. */
const asTimestamptz: Parse = (text) => new Date(text.replace(" ", "T").replace(/\+00$/, "Z"));
const asTimestamp: Parse = (text) => new Date(`${text.replace(" ", "T")}Z`);
const asBytes: Parse = (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
const arrayOf =
  (element: Parse): Parse =>
  (text) =>
    parseArray(text, element);

/** By type: [the type, its array type, how it is read] (src/include/catalog/pg_type.dat). */
const TYPES: ReadonlyArray<readonly [type: number, array: number, parse: Parse]> = [
  [16, 1000, asBoolean],
  [17, 1001, asBytes],
  [20, 1016, asBigint],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [25, 1009, asText],
  [114, 199, asJson],
  [700, 1021, Number],
  [701, 1022, Number],
  [1042, 1014, asText],
  [1043, 1015, asText],
  [1114, 1115, asTimestamp],
  [1184, 1185, asTimestamptz],
  [1700, 1231, asText],
  [2950, 2951, asText],
  [3802, 3807, asJson],
];

const PARSERS: Readonly<Record<number, Parse>> = Object.fromEntries(
  TYPES.flatMap(([type, array, parse]) => [
    [type, parse],
    [array, arrayOf(parse)],
  ]),
);
