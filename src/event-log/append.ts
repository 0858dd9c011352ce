// Appending an event that saves nothing else.
import type { LoggedEvent } from "../contract/durable.ts";
import type { NewDurableEvent } from "../contract/namespaces.ts";
import type { AppendShape } from "./appender.ts";
import { eventId } from "./event-id.ts";
import { appendStatement, type EventRow, toEvent } from "./statement.ts";

/** An event on its way into the log, as its row says it. The data is kept as it is serialised when `append` is called. */
export type NewEvent = NewDurableEvent & AppendOptions;

/** What may be said of an event besides. */
export interface AppendOptions {
  /** Names the event, for a day at least: a second append with it, on whatever node, finds the first event and adds none. */
  key?: string;
  /** Epoch milliseconds; without it, the database's clock. */
  timestamp?: number;
}

/**
 * The event as it stands in the log. `duplicate`: its key had been used before, and this is the event of then; with `{}` for data of
 * more than 2 000 bytes where that is beyond retention.
 */
export interface Appended {
  event: LoggedEvent;
  duplicate: boolean;
}

/** An event with the id it will have and its data as text. */
export interface Prepared extends AppendOptions {
  channel: string;
  event: string;
  data: Record<string, unknown>;
  id: string;
  json: string;
}

/** @throws TypeError when the data cannot be JSON */
export function prepare(event: NewEvent): Prepared {
  return { ...event, id: eventId(), json: JSON.stringify(event.data) };
}

/** A row of `appended` has no key; a row of `known` has. */
type Row = { id: string; seq: number; at: number } & ({ key: null } | ({ key: string } & EventRow));

const SQL = appendStatement({
  keysParameter: "$5",
  ctes: `given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
    WITH ORDINALITY AS g (channel, id, event, data, key, at, n)
), outgoing AS (
  SELECT g.n, g.channel, g.id, g.event, g.data::json AS data, g.key,
    coalesce(to_timestamp(g.at / 1000.0), clock_timestamp()) AS at
  FROM given g WHERE NOT EXISTS (SELECT FROM known k WHERE k.key = g.key)
)`,
  answer: `SELECT id, seq, at, NULL AS key, NULL AS channel, NULL AS event, NULL::json AS data FROM appended
UNION ALL SELECT id, seq, at, key, channel, event, data FROM known`,
});

/** Events as they are: no row is written besides. */
export const appendShape: AppendShape<Prepared, Row, Appended> = {
  sql: SQL,
  parameters: (items) => [
    items.map((item) => item.channel),
    items.map((item) => item.id),
    items.map((item) => item.event),
    items.map((item) => item.json),
    items.map((item) => item.key ?? null),
    items.map((item) => item.timestamp ?? null),
  ],
  answers(items, rows) {
    const added = new Map(rows.filter((row) => row.key === null).map((row) => [row.id, row]));
    const known = new Map(rows.flatMap((row) => (row.key === null ? [] : [[row.key, toEvent(row)] as const])));
    return items.map((item) => {
      const row = added.get(item.id);
      if (row !== undefined) {
        const { channel, id, event, data } = item;
        const logged: LoggedEvent = { channel, offset: row.seq, id, event, data, timestamp: row.at };
        return { result: { event: logged, duplicate: false }, event: logged };
      }
      const first = known.get(item.key ?? "");
      if (first === undefined) throw new Error(`the database answered nothing for the event ${item.id}`);
      return { result: { event: first, duplicate: true } };
    });
  },
  conflictKeys: (item) => (item.key === undefined ? [] : [item.key]),
  sizeOf: (item) => item.json.length + item.channel.length + 100,
};
