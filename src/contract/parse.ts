// Parsing with a schema: the value, or a failure that names the field.
import type { z } from "zod";
import { Failure } from "./errors.ts";

/** The failure for a value that a schema refused: `INVALID_MESSAGE`, the first field in its message, all in `fields`. */
export function refusal(error: z.core.$ZodError): Failure {
  const fields: Record<string, string> = {};
  for (const issue of error.issues) {
    const field = issue.path.map(String).join(".") || "payload";
    fields[field] ??= issue.message;
  }
  const [first = ["payload", "is not valid"]] = Object.entries(fields);
  return new Failure("INVALID_MESSAGE", `${first[0]}: ${first[1]}`, { fields });
}

/** `value` as `schema` understands it. Throws the {@link refusal}. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw refusal(result.error);
  return result.data;
}
