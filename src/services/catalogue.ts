// The catalogue: topics and their chapters, to which progress and quizzes refer.
import type { Topics } from "../contract/catalogue.ts";
import { Failure } from "../contract/errors.ts";
import type { Store } from "../store/store.ts";

/** Keeps the catalogue. */
export interface Catalogue {
  /**
   * Replaces the whole catalogue at once, in this order. What learners did in chapters that stay is kept; with a chapter
   * that is no longer listed, its progress and quizzes go.
   * @throws Failure INVALID_MESSAGE when an id is there twice
   */
  put(topics: Topics): Promise<void>;
  /** True when there is no topic. */
  isEmpty(): Promise<boolean>;
  /** Puts the catalogue of a development start where there is none. */
  seedIfEmpty(): Promise<void>;
}

const SEED: Topics = [
  {
    id: "lexical-elements",
    displayName: "词法元素",
    chapters: [
      { id: "identifiers", displayName: "标识符" },
      { id: "keywords", displayName: "关键字" },
    ],
  },
  {
    id: "constants",
    displayName: "常量",
    chapters: [
      { id: "boolean-constants", displayName: "布尔常量" },
      { id: "integer-constants", displayName: "整数常量" },
    ],
  },
];

// One statement, so that nobody ever sees half a catalogue, and a thousand chapters cost no more than a few. Sorted, so
// that two at once take their locks in the same order.
const PUT = `
WITH given_topics AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[]) AS t(id, display_name, position)
), given_chapters AS (
  SELECT * FROM unnest($4::text[], $5::text[], $6::text[], $7::int[]) AS c(topic_id, id, display_name, position)
), gone_chapters AS (
  DELETE FROM chapters c
   WHERE NOT EXISTS (SELECT FROM given_chapters g WHERE g.topic_id = c.topic_id AND g.id = c.id)
), gone_topics AS (
  DELETE FROM topics t WHERE NOT EXISTS (SELECT FROM given_topics g WHERE g.id = t.id)
), put_topics AS (
  INSERT INTO topics (id, display_name, position) SELECT * FROM given_topics ORDER BY id
  ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, position = excluded.position
)
INSERT INTO chapters (topic_id, id, display_name, position) SELECT * FROM given_chapters ORDER BY topic_id, id
ON CONFLICT (topic_id, id) DO UPDATE SET display_name = excluded.display_name, position = excluded.position`;

/** Creates the service for the catalogue of a store. */
export function createCatalogue({ store }: { store: Store }): Catalogue {
  const catalogue: Catalogue = {
    async put(topics) {
      refuseDoubles(topics);
      const chapters = topics.flatMap((topic) =>
        topic.chapters.map((chapter, position) => ({ topic: topic.id, ...chapter, position })),
      );
      await store.query(PUT, [
        topics.map((topic) => topic.id),
        topics.map((topic) => topic.displayName),
        topics.map((_, position) => position),
        chapters.map((chapter) => chapter.topic),
        chapters.map((chapter) => chapter.id),
        chapters.map((chapter) => chapter.displayName),
        chapters.map((chapter) => chapter.position),
      ]);
    },
    async isEmpty() {
      return (await store.prisma.topic.findFirst({ select: { id: true } })) === null;
    },
    async seedIfEmpty() {
      if (await catalogue.isEmpty()) await catalogue.put(SEED);
    },
  };
  return catalogue;
}

function refuseDoubles(topics: Topics): void {
  const fields: Record<string, string> = {};
  const check = (ids: readonly { id: string }[], path: string) => {
    const seen = new Set<string>();
    for (const [at, { id }] of ids.entries()) {
      if (seen.has(id)) fields[`${path}${at}.id`] = "is there twice";
      seen.add(id);
    }
  };
  check(topics, "");
  for (const [at, topic] of topics.entries()) check(topic.chapters, `${at}.chapters.`);
  const [first] = Object.keys(fields);
  if (first !== undefined) throw new Failure("INVALID_MESSAGE", `${first}: is there twice`, { fields });
}
