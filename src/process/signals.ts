// Signals: the first one asks a process to stop, the second one ends it at once.

/** A terminal and npm both pass Ctrl-C on: the same signal so soon after the first is not a second one. */
const SAME_SIGNAL_MS = 100;

/** Calls `first` on the first SIGTERM or SIGINT, and ends the process with 1 on the second. */
export function onSignals(first: (signal: NodeJS.Signals) => void): void {
  let at: number | undefined;
  const heard = (signal: NodeJS.Signals): void => {
    if (at === undefined) {
      at = performance.now();
      first(signal);
    } else if (performance.now() - at > SAME_SIGNAL_MS) process.exit(1);
  };
  process.on("SIGTERM", heard);
  process.on("SIGINT", heard);
}
