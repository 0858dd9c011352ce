// Durable sends: every call of the API as a method, with its retries, and many of them at once.
import type { CallOptions, Send } from "./api.ts";
import { type BatchResults, sendBatch } from "./batch.ts";
import { type ApiCall, calls } from "./calls.ts";

type Calls = typeof calls;
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
 */
export interface DurableSends extends Methods {
  /** Calls made with {@link calls} in one go; → the result of each, in order. */
  batch<const Batch extends readonly ApiCall<unknown>[]>(calls: Batch): Promise<BatchResults<Batch>>;
}

/** {@link DurableSends} through `send`; `deadlineMs` bounds a batch. */
export function createDurableSends(send: Send, deadlineMs?: number): DurableSends {
  return {
    notify: async (body, options) => send(calls.notify(body), options),
    pushRunResult: async (session, result, options) => send(calls.pushRunResult(session, result), options),
    registerRunSession: async (body, options) => send(calls.registerRunSession(body), options),
    updateProgress: async (body, options) => send(calls.updateProgress(body), options),
    addQuiz: async (body, options) => send(calls.addQuiz(body), options),
    sendToRoom: async (room, body, options) => send(calls.sendToRoom(room, body), options),
    push: async (body, options) => send(calls.push(body), options),
    pushToEveryone: async (body, options) => send(calls.pushToEveryone(body), options),
    disconnectUser: async (userId, options) => send(calls.disconnectUser(userId), options),
    putTopics: async (topics, options) => send(calls.putTopics(topics), options),
    batch: (batch) => sendBatch(send, batch, deadlineMs === undefined ? {} : { deadlineMs }),
  };
}
