// Study time: seconds per user and course, counted by the database's clock, never twice and never lost once answered.
import type { Studied } from "../contract/study-time.ts";
import { queryAgain } from "../event-log/statement.ts";
import { createGroupCommit } from "../store/batching/group-commit.ts";
import type { Store } from "../store/store.ts";
import { createDatabaseClock } from "./database-clock.ts";
import { CREDIT, type Credited, type Opened, TOTALS } from "./study-time-sql.ts";

/** What counts the heartbeats of `/study-time`. */
export interface StudyTimeService {
  /**
   * Begins a connection, without crediting anything.
   * @returns `connectedAt`, the database's clock in epoch milliseconds, for `credit`; `studyTime`, whole seconds so far
   */
  open(user: string, course: string): Promise<{ connectedAt: number; studyTime: number }>;
  /**
   * Credits the time of a connection since `connectedAt` up to now, except what is credited already (by this connection, or by
   * another one of this user and course). @returns whole seconds in all, committed. Rejects with `SERVER_ERROR`
   */
  credit(user: string, course: string, connectedAt: number): Promise<number>;
  /** Whole seconds, 0 for a course that was never studied. */
  total(user: string, course: string): Promise<number>;
  /** All courses of a user, by the name of the course. */
  list(user: string): Promise<Studied[]>;
  /** Takes nothing more and writes what waits. */
  close(): Promise<void>;
}

interface Pair {
  user: string;
  course: string;
}
interface Credit extends Pair {
  connectedAt: number;
  upTo: number | undefined;
}

const BOUNDS = { maxItems: 500, maxWaitMs: 5_000, maxQueued: 50_000 };
const seconds = (millis: number): number => Math.floor(millis / 1000);

/** Creates the study-time service over the database of a store. */
export function createStudyTime(store: Store): StudyTimeService {
  const clock = createDatabaseClock();

  const credits = createGroupCommit<Credit, number>({
    ...BOUNDS,
    async commit(items) {
      const rows = await queryAgain<Credited>(store, CREDIT, [
        items.map(({ user }) => user),
        items.map(({ course }) => course),
        items.map(({ connectedAt }) => connectedAt),
        items.map(({ upTo }) => upTo ?? null),
      ]);
      note(rows);
      return rows.map(({ millis }) => seconds(millis));
    },
  });
  // Also in groups: after a restart all clients open at once.
  const opens = createGroupCommit<Pair, Opened>({
    ...BOUNDS,
    concurrency: 2,
    async commit(items) {
      const rows = await store.query<Opened>(TOTALS, [
        items.map(({ user }) => user),
        items.map(({ course }) => course),
      ]);
      note(rows);
      return rows;
    },
  });
  const note = (rows: readonly { now: number }[]): void => {
    if (rows[0] !== undefined) clock.note(rows[0].now);
  };

  return {
    async open(user, course) {
      const { now, millis } = await opens.add({ user, course });
      return { connectedAt: now, studyTime: seconds(millis) };
    },
    credit: (user, course, connectedAt) => credits.add({ user, course, connectedAt, upTo: clock.latest() }),
    async total(user, course) {
      return seconds((await opens.add({ user, course })).millis);
    },
    async list(user) {
      const rows = await store.prisma.studyTime.findMany({ where: { userId: user }, orderBy: { courseId: "asc" } });
      return rows.map((row) => ({ userId: user, courseId: row.courseId, studyTime: seconds(Number(row.millis)) }));
    },
    async close() {
      await Promise.all([credits.close(), opens.close()]);
    },
  };
}
