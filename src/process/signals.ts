// SIGTERM and SIGINT: the first asks the process to shut down, the second ends it at once.

/** A terminal and npm both pass Ctrl-C on: a signal within this time of the first one, in milliseconds, is the same one. */
const SAME_SIGNAL_MS = 100;

/** Calls `shutDown` on the first SIGTERM or SIGINT, and ends the process with 1 on the second. */
export function onSignals(shutDown: (signal: NodeJS.Signals) => void): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      shutDown(signal);
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(1);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
