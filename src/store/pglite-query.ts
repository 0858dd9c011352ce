// The raw path into PGlite: a statement as one message, in half the time of PGlite's own `query`, which takes six.
import { type messages, protocol } from "@electric-sql/pglite";
import type { Server } from "./pglite-server.ts";
import { type Parse, parserOf, toText } from "./values.ts";

/**
 * Runs one statement and commits it, in turn with everything else on the one connection: PGlite's two locks are those that
 * its own `query` takes, so it waits for a transaction (Prisma's too) to end and never gets into it.
 */
export function runStatement<Row>(server: Server, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
  const message = encode(sql, parameters.map(toText));
  return server._runExclusiveTransaction(() =>
    server._runExclusiveQuery(async () => {
      await server._checkReady();
      const { messages } = await server.execProtocol(message, { syncToFs: false });
      return decode<Row>(messages);
    }),
  );
}

/** Parse, Bind, Describe, Execute, Sync (PostgreSQL documentation, 54.2.3) of unnamed statement and portal. */
function encode(sql: string, values: (string | null)[]): Uint8Array {
  const { serialize } = protocol;
  return Buffer.concat([
    serialize.parse({ text: sql }),
    serialize.bind({ values }),
    serialize.describe({ type: "P" }),
    serialize.execute({}),
    serialize.sync(),
  ]);
}

function decode<Row>(answer: messages.BackendMessage[]): Row[] {
  const rows: Row[] = [];
  let columns: [name: string, parse: Parse][] = [];
  let complete = false;
  for (const message of answer) {
    if (isRowDescription(message)) {
      columns = message.fields.map(({ name, dataTypeID }) => [name, parserOf(dataTypeID)]);
    } else if (isDataRow(message)) {
      rows.push(toRow(columns, message.fields) as Row);
    } else if (message.name === "commandComplete" || message.name === "emptyQuery") {
      complete = true;
    }
  }
  if (!complete) throw new Error("PGlite has not answered the statement to its end");
  return rows;
}

function toRow(columns: [name: string, parse: Parse][], fields: (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  columns.forEach(([name, parse], at) => {
    const text = fields[at] ?? null;
    row[name] = text === null ? null : parse(text);
  });
  return row;
}

function isRowDescription(message: messages.BackendMessage): message is messages.RowDescriptionMessage {
  return message.name === "rowDescription";
}

function isDataRow(message: messages.BackendMessage): message is messages.DataRowMessage {
  return message.name === "dataRow";
}
