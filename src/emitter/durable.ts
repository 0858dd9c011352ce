// Durable sends: every call of the API that publishes as a method, with its retries, and many of them at once.
import type { CallOptions, Send } from "./api.ts";
import { type BatchResults, sendBatch } from "./batch.ts";
import { type ApiCall, arityOf, type Calls, calls, PUBLISHING } from "./calls.ts";

type AnswerOf<Call> = Call extends ApiCall<infer Answer> ? Answer : never;

/** One method per row of {@link calls}: the same arguments, then what this call may set. */
type Methods = {
  [Name in keyof Calls]: (
    ...args: [...Parameters<Calls[Name]>, options?: CallOptions]
  ) => Promise<AnswerOf<ReturnType<Calls[Name]>>>;
};

/**
 * Sends that are stored before they are answered and reach who is away later. A resolved promise is a commit.
 * They reject with a `Failure` when the body is refused here, and with a `PublishError` when the server refuses it or
 * cannot be reached until the deadline. Each call is one event however often it is tried.
 * @example
 * import { createEmitter } from "classwire/emitter";
 *
 * const emitter = createEmitter({ api: { url: "https://live.school.example", token: () => "a service token" } });
 * const { offset, online } = await emitter.notify({ userId: "123", title: "Quiz", message: "A new quiz is open" });
 * const chapter = { user_id: 123, topic_id: "constants", chapter_id: "boolean-constants" };
 * await emitter.updateProgress({ ...chapter, completed: true });
 * // A key of one's own: the same quiz reported twice, also by another process, is one event.
 * await emitter.addQuiz({ ...chapter, score: 8, total_questions: 10 }, { idempotencyKey: "quiz-17" });
 * const { sessionId } = await emitter.registerRunSession({ userId: "123" });
 * await emitter.pushRunResult(sessionId, { stdout: "1", stderr: "", exitCode: 0, duration: 12 });
 * await emitter.sendToRoom("class-7", { text: "The exam is in room B12" });
 * await emitter.sendSystem({ message: "Maintenance at 22:00", level: "info" });
 * await emitter.disconnectUser("123");
 */
export interface DurableSends extends Methods {
  /**
   * Calls made with {@link calls} in one go; → the result of each, in order.
   * @example
   * const [sent] = await emitter.batch([calls.notify({ userId: "123", title: "Quiz", message: "A new quiz is open" })]);
   * if (!sent.ok) console.log(sent.error.code);
   */
  batch<const Batch extends readonly ApiCall<unknown>[]>(calls: Batch): Promise<BatchResults<Batch>>;
}

/** {@link DurableSends} through `send`; `deadlineMs` bounds a batch. */
export function createDurableSends(send: Send, deadlineMs?: number): DurableSends {
  const methods = PUBLISHING.map((row) => {
    const arity = arityOf(row);
    const make = calls[row.operationId as keyof Calls] as (...given: unknown[]) => ApiCall<unknown>;
    const method = async (...given: unknown[]) =>
      send(make(...given.slice(0, arity)), given[arity] as CallOptions | undefined);
    return [row.operationId, method] as const;
  });
  return {
    ...(Object.fromEntries(methods) as unknown as Methods),
    batch: (batch) => sendBatch(send, batch, deadlineMs === undefined ? {} : { deadlineMs }),
  };
}
