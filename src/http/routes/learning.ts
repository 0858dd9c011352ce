// Routes about learning: progress, quizzes, dashboards, studied time and the catalogue.
import { z } from "zod";
import { topicsBody } from "../../contract/catalogue.ts";
import { progressBody, progressUpdated, quizBody, quizCompleted, snapshot } from "../../contract/dashboard.ts";
import { courseId, isWholeNumberId, userId } from "../../contract/ids.ts";
import { studied } from "../../contract/study-time.ts";
import type { Services } from "../../services/services.ts";
import { type Route, route } from "../route.ts";

const dashboardUser = z.object({ userId: userId.refine(isWholeNumberId, "a whole number") });

/** Makes them. */
export function learningRoutes(
  services: Pick<Services, "progress" | "quizzes" | "dashboard" | "studyTime" | "catalogue">,
): Route[] {
  const { progress, quizzes, dashboard, studyTime, catalogue } = services;
  return [
    route({
      method: "post",
      path: "/api/v1/progress",
      tag: "Learning",
      summary: "Saves that a chapter was completed or reopened, then tells the user's dashboard, if it is a change",
      access: "self",
      body: progressBody,
      answer: { status: 200, description: "Committed: the data of progress_updated", schema: progressUpdated },
      fails: ["NOT_FOUND"],
      about: ({ body }) => String(body.user_id),
      order: (body) => ({ lane: `dashboard/${body.user_id}`, apart: `${body.topic_id}/${body.chapter_id}` }),
      handle: async ({ body, eventKey }) => (await progress.set(body, eventKey)).data,
    }),
    route({
      method: "post",
      path: "/api/v1/quizzes",
      tag: "Learning",
      summary: "Saves the result of a quiz, then tells the user's dashboard",
      access: "backend",
      body: quizBody,
      answer: { status: 201, description: "Committed: the data of quiz_completed", schema: quizCompleted },
      fails: ["NOT_FOUND"],
      order: (body) => ({ lane: `dashboard/${body.user_id}` }),
      handle: ({ body, eventKey }) => quizzes.add(body, eventKey),
    }),
    route({
      method: "get",
      path: "/api/v1/dashboard/:userId",
      tag: "Learning",
      summary: "Everything that a dashboard shows, true at an offset of its channel",
      access: "self",
      params: dashboardUser,
      answer: { status: 200, description: "The snapshot", schema: snapshot },
      about: ({ params }) => params.userId,
      handle: ({ params }) => dashboard.snapshot(params.userId),
    }),
    route({
      method: "get",
      path: "/api/v1/study-time/:userId",
      tag: "Learning",
      summary: "Studied time of a user in every course",
      access: "self",
      params: z.object({ userId }),
      answer: { status: 200, description: "By course; whole seconds", schema: z.array(studied) },
      about: ({ params }) => params.userId,
      handle: ({ params }) => studyTime.list(params.userId),
    }),
    route({
      method: "get",
      path: "/api/v1/study-time/:userId/:courseId",
      tag: "Learning",
      summary: "Studied time of a user in one course",
      access: "self",
      params: z.object({ userId, courseId }),
      answer: { status: 200, description: "Whole seconds; 0 for a course that was never studied", schema: studied },
      about: ({ params }) => params.userId,
      handle: async ({ params }) => ({ ...params, studyTime: await studyTime.total(params.userId, params.courseId) }),
    }),
    route({
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
      async handle({ body }) {
        await catalogue.put(body);
        return { topics: body.length, chapters: body.reduce((sum, topic) => sum + topic.chapters.length, 0) };
      },
    }),
  ];
}
