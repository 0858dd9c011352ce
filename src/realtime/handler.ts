// The one wrapper around every event from a client: limit → validate → act → ack.
import type { z } from "zod";
import type { Ack } from "../contract/acks.ts";
import { CLOSE } from "../contract/connection.ts";
import { Failure, toFailure } from "../contract/errors.ts";
import { parse } from "../contract/parse.ts";
import { closeSocket } from "./closing.ts";
import { emitError } from "./errors.ts";
import type { Verdict } from "./message-rate.ts";
import type { AnySocket } from "./types.ts";

/** What a client may send: the shape of its payload, and what is done. The answer becomes `{ok: true, …answer}`. */
export interface Action<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  act: (payload: z.output<Schema>) => Promise<object | undefined> | object | undefined;
}

/** Ties an action's function to its schema's type. */
export function action<Schema extends z.ZodType>(schema: Schema, act: Action<Schema>["act"]): Action {
  return { schema, act: act as Action["act"] };
}

/** How a socket's events are handled. */
export interface Handling {
  actions: Readonly<Record<string, Action>>;
  /** What must be done before the first event is handled; if it fails, whoever does it closes the socket. */
  ready: Promise<unknown>;
  /** The rate of this connection. */
  rate: () => Verdict;
  /** Told of every error that is not in the error table. */
  onFault: (event: string, error: unknown) => void;
}

type Answer = (answer: Ack) => void;

/**
 * Handles the socket's events, one after the other in the order in which they came, so that a `join_room` is done before
 * the `room_message` behind it. Events of others (a library user's own listeners) pass through; unknown ones are refused.
 */
export function handleEvents(socket: AnySocket, handling: Handling): void {
  const done = (): void => {
    turn = undefined;
  };
  let turn: Promise<void> | undefined = handling.ready.then(done, done);

  socket.use(([event, ...given], next) => {
    const verdict = handling.rate();
    const answer = answerOf(socket, given);
    if (verdict === "close") return closeSocket(socket, { code: CLOSE.policy, reason: "too many messages" });
    if (verdict === "drop and say so") return refuse(answer, new Failure("RATE_LIMIT", "too many messages"));
    if (verdict === "drop") return;
    const action = Object.hasOwn(handling.actions, event) ? handling.actions[event] : undefined;
    if (action === undefined) {
      if (socket.listenerCount(event) > 0) return next();
      return refuse(answer, new Failure("INVALID_MESSAGE", `event: ${event.slice(0, 64)} is not known here`));
    }
    const work = () => run(event, action, given, answer);
    const mine = turn === undefined ? work() : turn.then(work);
    turn = mine;
    void mine.then(() => {
      if (turn === mine) turn = undefined;
    });
  });

  async function run(event: string, action: Action, given: unknown[], answer: Answer): Promise<void> {
    try {
      const payload = typeof given[0] === "function" ? undefined : given[0];
      const value = await action.act(parse(action.schema, payload));
      answer({ ok: true, ...value });
    } catch (error) {
      if (!(error instanceof Failure)) handling.onFault(event, error);
      answer({ ok: false, error: toFailure(error).body });
    }
  }
}

/** How to answer: by the ack that was asked for; without one, failures go out as an `error` event. */
function answerOf(socket: AnySocket, given: readonly unknown[]): Answer {
  const ack = given.at(-1);
  if (typeof ack === "function") {
    return (answer) => ack(answer.ok ? answer : { ...answer, ...socket.data.errorDetail?.() });
  }
  return (answer) => {
    if (!answer.ok) emitError(socket, answer.error);
  };
}

function refuse(answer: Answer, failure: Failure): void {
  answer({ ok: false, error: failure.body });
}
