// Where offsets are kept over a reload.

/** A place for short strings. Both may answer at once or later. */
export interface OffsetStorage {
  get(key: string): string | null | undefined | Promise<string | null | undefined>;
  set(key: string, value: string): void | Promise<void>;
}

/** What is used of `localStorage` or `sessionStorage`. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * Keeps offsets as long as the page, or process, lives.
 * @example
 * import { createClient, memoryStorage } from "classwire/client";
 *
 * createClient({ url: "https://live.school.example", token: "…", storage: memoryStorage() });
 */
export function memoryStorage(): OffsetStorage {
  const values = new Map<string, string>();
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) };
}

/**
 * Keeps offsets in `localStorage` or `sessionStorage`.
 * @example
 * import { createClient, webStorage } from "classwire/client";
 *
 * createClient({ url: "https://live.school.example", token: "…", storage: webStorage(localStorage) });
 */
export function webStorage(storage: WebStorage): OffsetStorage {
  return { get: (key) => storage.getItem(key), set: (key, value) => storage.setItem(key, value) };
}
