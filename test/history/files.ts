// A history on the disk: JSON lines, written in blocks and read in blocks, so that millions of records need no memory.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { HistoryRecord } from "./records.ts";

const BLOCK = 1 << 18;

/** A record before the recorder has noted the time. */
export type Untimed<R extends HistoryRecord = HistoryRecord> = R extends HistoryRecord ? Omit<R, "time"> : never;

/** Writes a history. */
export interface Recorder {
  readonly path: string;
  /** Notes it, with the time of now. */
  note(record: Untimed): void;
  /** Writes the rest. Good to call again. */
  close(): void;
}

/** Begins a file; one process writes it. */
export function createRecorder(path: string): Recorder {
  const file = openSync(path, "w");
  let lines: string[] = [];
  let size = 0;
  let closed = false;
  const flush = (): void => {
    if (lines.length > 0) writeSync(file, `${lines.join("\n")}\n`);
    lines = [];
    size = 0;
  };
  return {
    path,
    note(record) {
      if (closed) return; // a client that still hears at the end of a run
      const line = JSON.stringify({ ...record, time: Date.now() });
      lines.push(line);
      size += line.length;
      if (size > BLOCK) flush();
    },
    close() {
      if (closed) return;
      flush();
      closed = true;
      closeSync(file);
    },
  };
}

/** The records of a file in their order. @throws SyntaxError for a line that is none */
export function* readHistory(path: string): Generator<HistoryRecord> {
  const file = openSync(path, "r");
  try {
    const block = Buffer.alloc(BLOCK);
    let rest = Buffer.alloc(0);
    for (;;) {
      const read = readSync(file, block);
      if (read === 0) break;
      const bytes = Buffer.concat([rest, block.subarray(0, read)]);
      const end = bytes.lastIndexOf(10);
      rest = Buffer.from(bytes.subarray(end + 1));
      if (end < 0) continue;
      for (const line of bytes.toString("utf8", 0, end).split("\n")) yield JSON.parse(line) as HistoryRecord;
    }
    if (rest.length > 0) yield JSON.parse(rest.toString()) as HistoryRecord;
  } finally {
    closeSync(file);
  }
}
