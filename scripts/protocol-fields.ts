// The fields of frames as docs/protocol.md lists them: found in the frames themselves, with their JSON types and units.

/** What is said of a field instead of what its values show, by its path (`content.id`). Nothing is listed below such a field. */
export type FieldNotes = Readonly<Record<string, string>>;

/** Fields that tell frames apart: their values are listed. */
const LITERALS = new Set(["type", "event", "status"]);
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/;
/** Epoch seconds have ten digits in this century, epoch milliseconds thirteen. */
const EPOCH_MS = 1e12;

/** One line for each field of these frames, in the order in which they are first seen. */
export function fieldsOf(frames: readonly object[], notes: FieldNotes = {}): string[] {
  const found = new Map<string, Set<string>>();
  const counts = new Map<string, number>();
  const objects = new Map<string, number>();
  const add = (path: string, kind: string) => {
    found.set(path, (found.get(path) ?? new Set()).add(kind));
    counts.set(path, (counts.get(path) ?? 0) + 1);
  };
  const visit = (parent: string, value: object) => {
    objects.set(parent, (objects.get(parent) ?? 0) + 1);
    for (const [name, held] of Object.entries(value)) {
      const path = parent === "" ? name : `${parent}.${name}`;
      const note = notes[path];
      if (note !== undefined) add(path, note);
      else if (isObject(held)) visit(path, held);
      else add(path, kindOf(path, held));
    }
  };
  for (const frame of frames) visit("", frame);
  return [...found].map(([path, kinds]) => {
    const parent = path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "";
    const isOptional = (counts.get(path) ?? 0) < (objects.get(parent) ?? 0);
    return `\`${path}\`${isOptional ? " (optional)" : ""}: ${[...kinds].join(" or ")}`;
  });
}

function kindOf(path: string, value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "string" && LITERALS.has(path)) return `\`"${value}"\``;
  if (typeof value === "string") return RFC3339.test(value) ? "RFC 3339 time" : "string";
  if (typeof value !== "number") return typeof value;
  if (/(^|\.)timestamp$/.test(path)) return value < EPOCH_MS ? "epoch seconds" : "epoch milliseconds";
  return Number.isInteger(value) ? "integer" : "number";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
