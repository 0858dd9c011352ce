// Times as they stand on the wire: RFC 3339 with an offset for the dashboard, epoch milliseconds elsewhere.
import { z } from "zod";

/** `2025-12-26T14:05:30+08:00`: RFC 3339 in the server's own zone, whole seconds. */
export function rfc3339(date: Date): string {
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const pad = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${pad(offset / 60)}:${pad(offset % 60)}`;
}

/** An ISO 8601 time, with or without an offset. */
export const iso8601 = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()]);

/** Epoch milliseconds. */
export const epochMs = z.number().nonnegative();
