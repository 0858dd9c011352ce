// What progress and quizzes have in common: a row that names a chapter, and the dashboard event that tells of it.
import { channelOf } from "../contract/channel-names.ts";
import { Failure } from "../contract/errors.ts";
import { rfc3339 } from "../contract/time.ts";
import { eventId } from "../event-log/event-id.ts";
import type { Appending } from "../event-log/event-log.ts";
import { toEvent } from "../event-log/statement.ts";

/** A body about a chapter of a user, on its way into a statement. */
export interface AboutChapter<Body> {
  body: Body;
  /** The event's id, should it come to an event. */
  id: string;
  key: string | undefined;
  /** When it was reported: epoch milliseconds. */
  at: number;
}

/** The fields that every such body has. */
export interface ChapterBody {
  user_id: number;
  topic_id: string;
  chapter_id: string;
}

/** Prepares a body for {@link GIVEN}, stamped with this moment. */
export function aboutChapter<Body extends ChapterBody>(body: Body, key: string | undefined): AboutChapter<Body> {
  return { body, id: eventId(), key, at: Date.now() };
}

/** The parameter of {@link chapterParameters} that holds the keys. */
export const KEYS_PARAMETER = "$8";

/** `$1` … `$8`: user, topic, chapter, time (epoch ms), the same as RFC 3339, channel, event id, key. */
export function chapterParameters(items: readonly AboutChapter<ChapterBody>[]): unknown[] {
  const users = items.map(({ body }) => String(body.user_id));
  return [
    users,
    items.map(({ body }) => body.topic_id),
    items.map(({ body }) => body.chapter_id),
    items.map(({ at }) => at),
    items.map(({ at }) => rfc3339(new Date(at))),
    users.map(channelOf.dashboard),
    items.map(({ id }) => id),
    items.map(({ key }) => key ?? null),
  ];
}

/**
 * CTEs `given` (all items, by `n`) and `named` (those whose chapter exists and whose key is new, with the names of both).
 * @param more names of further columns, `$9` …, with their array types
 */
export function givenChapters(more: Record<string, string>): string {
  const types = [
    "text[]",
    "text[]",
    "text[]",
    "bigint[]",
    "text[]",
    "text[]",
    "text[]",
    "text[]",
    ...Object.values(more),
  ];
  const arrays = types.map((type, index) => `$${index + 1}::${type}`).join(", ");
  const names = Object.keys(more).map((name) => `, ${name}`);
  return `given AS MATERIALIZED (
  SELECT * FROM unnest(${arrays}) WITH ORDINALITY
    AS g (user_id, topic_id, chapter_id, at_ms, told_at, channel, id, key${names.join("")}, n)
), named AS MATERIALIZED (
  SELECT g.*, to_timestamp(g.at_ms / 1000.0) AS at, t.display_name AS topic_name, c.display_name AS chapter_name
  FROM given g
  JOIN chapters c ON c.topic_id = g.topic_id AND c.id = g.chapter_id JOIN topics t ON t.id = c.topic_id
  WHERE NOT EXISTS (SELECT FROM known k WHERE k.key = g.key)
)`;
}

/** What {@link chapterAnswer} answers for an item: the event data, and the offset if an event was appended. */
export type ChapterRow<Data> = { channel: string; id: string; event: string; data: Data | null } & (
  | { seq: number; at: number; known: boolean }
  | { seq: null; at: null; known: false }
);

/**
 * The final SELECT: one row per item, in order. An item with a known key gets that key's event; `told` is the CTE
 * `(n, data)` with what there is to tell of each of the others, and an item without a row there names no chapter.
 */
export const chapterAnswer = (told: string, event: string): string => `SELECT
  coalesce(k.channel, g.channel) AS channel, coalesce(k.id, g.id) AS id, coalesce(k.event, '${event}') AS event,
  coalesce(k.data, t.data) AS data, coalesce(k.seq, a.seq) AS seq, coalesce(k.at, a.at) AS at, k.id IS NOT NULL AS known
FROM given g LEFT JOIN ${told} t ON t.n = g.n LEFT JOIN appended a ON a.id = g.id LEFT JOIN known k ON k.key = g.key
ORDER BY g.n`;

/** What the caller of an item is told: `tell` makes it of the data and of whether there is an event. */
export function chapterAppending<Data extends Record<string, unknown>, Result>(
  row: ChapterRow<Data>,
  tell: (data: Data, hasEvent: boolean) => Result,
): Appending<Result> {
  const { data } = row;
  if (data === null) return { result: new Failure("NOT_FOUND", "there is no such topic or chapter") };
  if (row.seq === null) return { result: tell(data, false) };
  const { channel, id, event, seq, at } = row;
  const result = tell(data, true);
  return row.known ? { result } : { result, event: toEvent({ channel, id, event, seq, at, data }) };
}
