// One handle of a namespace after the other: the next one takes the connection when the one before has ended.

/** A handle on its way to its end, as the next one of its namespace sees it. */
export interface Ending {
  /** Resolves when the namespace is free: the listeners that ran are done, and what they handled is acknowledged. */
  readonly done: Promise<void>;
  /** Ends it at once. */
  cut(): void;
}

/** A handle, with what its successor needs. */
export interface Opened<Handle> {
  readonly handle: Handle;
  /** There once it has been closed, or has ended by itself. */
  ending(): Ending | undefined;
}

/** Starts the next handle when the one before has ended, if there is one; that is ended after `timeoutMs`, as a listener may never be done. */
export function startAfter(before: Ending | undefined, timeoutMs: number, start: () => void): void {
  if (before === undefined) {
    start();
    return;
  }
  const patience = setTimeout(() => before.cut(), timeoutMs);
  void before.done.then(() => {
    clearTimeout(patience);
    start();
  });
}

/** Creates the end of a handle: `done` resolves when it is `reached`. */
export function createEnd(): { readonly done: Promise<void>; reached(): void } {
  let reached = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    reached = resolve;
  });
  return { done, reached };
}
