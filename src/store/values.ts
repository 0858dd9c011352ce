// How column values of the raw path become JavaScript values, the same on PostgreSQL and on PGlite.
import pg from "pg";

/** Turns the text form of a value into a JavaScript value. */
export type Parser = (text: string) => unknown;

// Object identifiers of pg_type.
const { INT8, DATE, TIMESTAMP, TIMESTAMPTZ, JSON: JSON_TYPE, JSONB, NUMERIC } = pg.types.builtins;

/** A bigint as a number where that loses nothing, else as a bigint. */
export function parseBigint(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Parsers by type; every other type is parsed by the driver. */
export const PARSERS: Readonly<Record<number, Parser>> = {
  [INT8]: parseBigint,
  [NUMERIC]: (text) => text,
  [DATE]: (text) => text,
  [TIMESTAMP]: (text) => new Date(`${text.replace(" ", "T")}Z`),
  [TIMESTAMPTZ]: (text) => new Date(text),
  [JSON_TYPE]: (text) => JSON.parse(text),
  [JSONB]: (text) => JSON.parse(text),
};
