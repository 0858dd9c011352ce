// Routes about learning: progress, quizzes, dashboards, studied time and the catalogue.
import { catalogueCalls } from "../../contract/catalogue.ts";
import { dashboardCalls } from "../../contract/dashboard.ts";
import { studyTimeCalls } from "../../contract/study-time.ts";
import type { Services } from "../../services/services.ts";
import { type Route, route } from "../route.ts";

/** Creates the routes of progress, quizzes, dashboards, study time and the catalogue. */
export function learningRoutes(
  services: Pick<Services, "progress" | "quizzes" | "dashboard" | "studyTime" | "catalogue">,
): Route[] {
  const { progress, quizzes, dashboard, studyTime, catalogue } = services;
  return [
    route(dashboardCalls.updateProgress, {
      about: ({ body }) => String(body.user_id),
      order: (body) => ({ queue: `dashboard/${body.user_id}`, conflictKey: `${body.topic_id}/${body.chapter_id}` }),
      handle: async ({ body, eventKey }) => (await progress.set(body, eventKey)).data,
    }),
    route(dashboardCalls.addQuiz, {
      order: (body) => ({ queue: `dashboard/${body.user_id}` }),
      handle: ({ body, eventKey }) => quizzes.add(body, eventKey),
    }),
    route(dashboardCalls.getDashboard, {
      about: ({ params }) => params.userId,
      handle: ({ params }) => dashboard.snapshot(params.userId),
    }),
    route(studyTimeCalls.listStudyTime, {
      about: ({ params }) => params.userId,
      handle: ({ params }) => studyTime.list(params.userId),
    }),
    route(studyTimeCalls.getStudyTime, {
      about: ({ params }) => params.userId,
      handle: async ({ params }) => ({ ...params, studyTime: await studyTime.total(params.userId, params.courseId) }),
    }),
    route(catalogueCalls.putTopics, {
      async handle({ body }) {
        await catalogue.put(body);
        return { topics: body.length, chapters: body.reduce((sum, topic) => sum + topic.chapters.length, 0) };
      },
    }),
  ];
}
