// Makes the table of events larger than a file of the database's log, so that a limit can stop the one and not the other.
import assert from "node:assert/strict";
import { call } from "../flow.ts";

/** What each takes in the table: four fill a page so well that nothing else fits in, and none is stored elsewhere. */
const BYTES_EACH = 2048;
const ITEMS = 1_000;

/** Publishes so many bytes to somebody whom the trials do not watch. */
export async function fillTo(url: string, bytes: number): Promise<void> {
  const body = { userId: "filler", title: "t", message: "x".repeat(1_880) };
  const items = Array.from({ length: ITEMS }, () => ({ path: "/api/v1/notifications", body }));
  const batches = Array.from({ length: Math.ceil(bytes / BYTES_EACH / ITEMS) }, () =>
    call({ url }, "POST", "/api/v1/batch", { items }),
  );
  for (const { status } of await Promise.all(batches)) assert.equal(status, 200);
}
