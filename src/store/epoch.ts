// The identity of a database, which the migration that creates the schema has put into it.
import type { Store } from "./interface.ts";

/** Reads it. @throws Error when somebody has removed it: offsets would then mean nothing. */
export async function readEpoch(query: Store["query"]): Promise<string> {
  const [row] = await query<{ value: string }>("SELECT value FROM settings WHERE name = 'epoch'", []);
  if (row === undefined) throw new Error("The database has lost its epoch: its settings table has no row 'epoch'");
  return row.value;
}
