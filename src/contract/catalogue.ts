// The catalogue of topics and chapters: its schemas, and the call that replaces it.
import { z } from "zod";
import { calls } from "./calls.ts";
import { catalogueId, isStorable } from "./ids.ts";

/** A name as learners read it: at most 200 bytes of JSON, so that a dashboard event stays under 1 KB. */
export const displayName = z
  .string()
  .min(1)
  .refine((name) => new TextEncoder().encode(JSON.stringify(name)).length <= 202, "must have at most 200 bytes as JSON")
  .refine(isStorable, "must be well-formed, without the character U+0000");

/** The whole catalogue, in order. */
export const topicsBody = z
  .array(
    z.object({
      id: catalogueId,
      displayName,
      chapters: z.array(z.object({ id: catalogueId, displayName })).max(1000),
    }),
  )
  .max(1000);
/** @see topicsBody */
export type Topics = z.infer<typeof topicsBody>;

/** The calls of the catalogue. */
export const catalogueCalls = calls({
  putTopics: {
    method: "put",
    path: "/api/v1/topics",
    tag: "Learning",
    summary: "Replaces the catalogue. With a chapter that is no longer listed its progress and quizzes go",
    access: "backend",
    body: topicsBody,
    answer: {
      status: 200,
      description: "Committed: how much the catalogue has now",
      schema: z.object({ topics: z.int(), chapters: z.int() }),
    },
    example: {
      body: [
        { id: "constants", displayName: "常量", chapters: [{ id: "boolean-constants", displayName: "布尔常量" }] },
      ],
      answer: { topics: 1, chapters: 1 },
    },
  },
});
