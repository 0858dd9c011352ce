// JSON Schema out of zod schemas, as both documents want it.
import { z } from "zod";

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Record<string, unknown>;

/**
 * What a sender may write (`input`) or a receiver gets (`output`). Checks that JSON Schema cannot say are left out.
 */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
