// Parsing with a schema: the value, or a failure that says in a sentence which field is wrong, and what is allowed.
import { z } from "zod";
import { Failure } from "./errors.ts";

/** The failure for one field: `problem` goes on where the field's name ends ("is required", "must be a whole number"). */
export function invalidField(field: string, problem: string): Failure {
  return new Failure("INVALID_MESSAGE", `${field} ${problem}`, { fields: { [field]: problem } });
}

/** The failure for what a schema refused, named `whole` as a whole: the first field in its message, all in `fields`. */
export function refusal(error: z.core.$ZodError, whole = "payload"): Failure {
  const fields: Record<string, string> = {};
  for (const issue of error.issues.flatMap(alternative)) {
    const field = issue.path.map(String).join(".") || whole;
    fields[field] ??= issue.message;
  }
  const [[field, problem] = [whole, "is not valid"]] = Object.entries(fields);
  // What is said of two fields together names them itself.
  const sentence = /^(is|has|must|may)\b/.test(problem) ? `${field} ${problem}` : problem;
  return new Failure("INVALID_MESSAGE", sentence, { fields });
}

/** What is wrong with the one of several forms that was meant: the only one whose fields are those that are there. */
function alternative(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const meant = issue.errors.filter((issues) =>
    issues.every(({ code, path }) => code !== "unrecognized_keys" && path.length > 0),
  );
  const [only] = meant;
  if (only === undefined || meant.length > 1) return [issue];
  return only.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/**
 * `value` as `schema` understands it. `name` is what a refusal calls it where no field of it is to blame.
 * @throws Failure INVALID_MESSAGE
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, name = "payload"): z.output<Schema> {
  const result = schema.safeParse(value, { error: problemOf });
  if (!result.success) throw refusal(result.error, name);
  return result.data;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  record: "an object",
  undefined: "absent",
};

/** What is wrong with a field, where its schema has no words of its own for it. */
function problemOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is required" : `must be ${kindOf(issue)}`;
    case "invalid_value":
      return `must be ${listed(issue.values.map((value) => JSON.stringify(value)))}`;
    case "too_small":
      return bounded("at least", issue.origin, issue.minimum);
    case "too_big":
      return bounded("at most", issue.origin, issue.maximum);
    case "unrecognized_keys":
      return `must not have ${listed(issue.keys)}`;
    case "invalid_key":
      return "has a key that is not allowed";
    default:
      return "is not valid";
  }
}

/** A fraction is refused as no `int`, a text already as no `number`: for both the same kind is allowed. */
function kindOf({ expected, inst }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const kind = inst instanceof z.ZodNumber && inst.isInt ? "int" : expected;
  return KINDS[kind] ?? kind;
}

function bounded(which: "at least" | "at most", origin: string, bound: number | bigint): string {
  if (origin === "string") return `must have ${which} ${bound} ${bound === 1 ? "character" : "characters"}`;
  if (origin === "array" || origin === "set") return `must have ${which} ${bound} ${bound === 1 ? "item" : "items"}`;
  return `must be ${which} ${bound}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
