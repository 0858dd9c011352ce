// Type tests of classwire/emitter: what must not compile. `npm run typecheck` is the test; nothing here is run.
import { calls, createEmitter } from "classwire/emitter";

const emitter = createEmitter({ api: { url: "http://localhost", token: "t" }, redis: { publish: async () => 0 } });

void emitter.notify({ userId: "1", title: "t", message: "m" });
// @ts-expect-error a message is missing
void emitter.notify({ userId: "1", title: "t" });
// @ts-expect-error a user id is a string
void emitter.notify({ userId: 1, title: "t", message: "m" });
// @ts-expect-error the session comes first
void emitter.pushRunResult({ stdout: "", stderr: "", exitCode: 0, duration: 1 });
// @ts-expect-error completed is a boolean
void emitter.updateProgress({ user_id: 1, topic_id: "t", chapter_id: "c", completed: "yes" });
// @ts-expect-error there is no such call
void emitter.sendEmail({ to: "1" });
// @ts-expect-error reading is not publishing
calls.getDashboard("1");
// @ts-expect-error a level of the table
void emitter.system({ message: "m", level: "fatal" });
// @ts-expect-error the server alone says who is there
void emitter.toRoom("r", "presence", { room: "r", joined: ["1"], left: [], members: 1 });
// @ts-expect-error a status is a string
void emitter.toUser("1", "order_status", { order_id: 1, status: 2 });
// @ts-expect-error the score is missing
void emitter.toDashboard("1", "quiz_completed", { user_id: 1 });

/** The answer of a call is typed by its row. */
export async function answers(): Promise<[offset: number, online: boolean]> {
  const { offset, online } = await emitter.notify({ userId: "1", title: "t", message: "m" });
  return [offset, online];
}
