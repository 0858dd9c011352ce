// Whether the device has a network again.

/** What is used of a browser's `window`. */
interface Scope {
  addEventListener?: (type: "online", listener: () => void) => void;
  removeEventListener?: (type: "online", listener: () => void) => void;
}

/** Calls back when the browser goes online (HTML standard, `online` event); never where there is no browser. */
export function onOnline(listener: () => void, scope: Scope = globalThis as Scope): () => void {
  scope.addEventListener?.("online", listener);
  return () => scope.removeEventListener?.("online", listener);
}
