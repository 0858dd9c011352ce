// A clock that is set while a program of Node runs, as by an operator or a bad time server. The machine's own clock stays.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The clock of those programs that are started with its environment: what their `Date` shows. */
export interface SettableClock {
  /** What makes a program of Node take its time from here. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets it so far ahead (or, below zero, behind) of the real time. Programs see it within 20 ms of their event loop. */
  jump(ms: number): void;
  /** Removes its file, when the programs have ended. */
  remove(): void;
}

/** Makes one, which shows the real time. */
export function makeClock(): SettableClock {
  const directory = mkdtempSync(join(tmpdir(), "classwire-clock-"));
  const file = join(directory, "shift");
  const jump = (ms: number): void => {
    // In one step: a program that reads it half written would not know its time.
    writeFileSync(`${file}.new`, String(ms));
    renameSync(`${file}.new`, file);
  };
  jump(0);
  const preload = new URL("./shifted-date.mjs", import.meta.url).href;
  return {
    env: { NODE_OPTIONS: `--import ${preload}`, SHIFTED_DATE_FILE: file },
    jump,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
