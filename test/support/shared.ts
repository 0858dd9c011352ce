// What the test files of one run share. A test that stops, freezes or counts starts a private one instead.
import { inject } from "vitest";

/** The URL of the Redis of this run. It is nobody's own: expect keys and messages of other tests. */
export function sharedRedis(): Promise<string> {
  return ask("/redis");
}

/** The URL of a new, empty database on the PostgreSQL of this run. */
export function createDatabase(): Promise<string> {
  return ask("/postgres");
}

/** Makes sure that dist/ is built from the sources as they are. */
export async function ensureBuilt(): Promise<void> {
  await ask("/build");
}

async function ask(path: string): Promise<string> {
  const response = await fetch(inject("shared") + path);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
