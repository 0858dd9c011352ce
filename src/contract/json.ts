// Free JSON inside a payload: bounded in depth, so that nothing that walks it can run out of stack.
import { z } from "zod";

/** Deepest nesting that a payload may have. */
export const MAX_DEPTH = 32;

/** True when `value` nests no deeper than {@link MAX_DEPTH} and holds no binary data. Walks level by level, never recursively. */
export function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return false;
      for (const child of Object.values(item)) next.push(child);
    }
    level = next;
  }
  return true;
}

const required = (otherwise: string) => ({
  error: ({ input }: { input?: unknown }): string => (input === undefined ? "is required" : otherwise),
});

/** Any JSON value that is not too deep. Binary data is none. */
export const json = z.custom<unknown>(
  (value) => value !== undefined && isShallow(value),
  required(`must be JSON nested at most ${MAX_DEPTH} deep`),
);

/** A JSON object that is not too deep. */
export const jsonObject = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value) && isShallow(value),
  required(`must be a JSON object nested at most ${MAX_DEPTH} deep`),
);
