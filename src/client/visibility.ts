// Whether somebody can see the page.

/** Says whether the page is visible, and tells of changes. */
export interface Visibility {
  visible(): boolean;
  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void;
}

/** What is used of a browser's `document`. */
interface PageDocument {
  readonly visibilityState: string;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

/**
 * The page's visibility (Page Visibility API); always visible where there is no page.
 * @example
 * import { createClient, pageVisibility } from "classwire/client";
 *
 * // Study time pauses while nobody sees the page; false instead never pauses.
 * createClient({ url: "https://live.school.example", token: "…", visibility: pageVisibility() });
 */
export function pageVisibility(scope: { document?: PageDocument } = globalThis as object): Visibility {
  const { document } = scope;
  if (typeof document?.addEventListener !== "function") return { visible: () => true, onChange: () => () => undefined };
  return {
    visible: () => document.visibilityState !== "hidden",
    onChange(listener) {
      document.addEventListener("visibilitychange", listener);
      return () => document.removeEventListener("visibilitychange", listener);
    },
  };
}
