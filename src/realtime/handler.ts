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
  /** What a failing answer says besides `{ok: false, error}`. */
  failed: () => object;
}

/** Ties an action's function to its schema's type. */
export function action<Schema extends z.ZodType>(
  schema: Schema,
  act: Action<Schema>["act"],
  failed: () => object = nothingElse,
): Action {
  return { schema, act: act as Action["act"], failed };
}

const nothingElse = (): object => ({});

/** How a socket's events are handled. */
export interface Handling {
  actions: Readonly<Record<string, Action>>;
  /** What must be done before the first event is handled; if it fails, whoever does it closes the socket. */
  ready: Promise<unknown>;
  /** What to do with one more event, by the rate of this connection. */
  rate: (event: string) => Verdict;
  /** Told of every error that is not in the error table. */
  onFault: (event: string, error: unknown) => void;
}

/** Does something between two events of a socket. It must not reject. */
export type InOrder = (work: () => Promise<void>) => void;

type Answer = (answer: Ack) => void;

/** Socket.IO itself puts one listener on `error`, lest a client's `error` event end the process. */
const LISTENERS_OF_SOCKET_IO: Readonly<Record<string, number>> = { error: 1 };

/**
 * Handles the socket's events, one after the other in the order in which they came, so that a `join_room` is done before
 * the `room_message` behind it. Events of others (a library user's own listeners) pass through; unknown ones are refused.
 */
export function handleEvents(socket: AnySocket, handling: Handling): InOrder {
  /** The end of the line; undefined while nothing is at work. */
  let last: Promise<void> | undefined;

  const inOrder: InOrder = (work) => {
    const mine = last === undefined ? work() : last.then(work);
    last = mine;
    void mine.then(() => {
      if (last === mine) last = undefined;
    });
  };
  inOrder(async () => void (await handling.ready.catch(() => undefined)));

  socket.use(([given, ...rest], next) => {
    if (!socket.connected) return;
    const event = String(given); // a number is an event too
    const action = Object.hasOwn(handling.actions, event) ? handling.actions[event] : undefined;
    const answer = answerOf(socket, rest, action?.failed);
    const verdict = handling.rate(event);
    if (verdict === "close") return closeSocket(socket, { code: CLOSE.policy, reason: "too many messages" });
    if (verdict === "drop and say so") return refuse(answer, new Failure("RATE_LIMIT", "too many messages"));
    if (verdict === "drop") return;
    if (action !== undefined) return inOrder(() => run(event, action, rest[0], answer));
    if (socket.listenerCount(event) > (LISTENERS_OF_SOCKET_IO[event] ?? 0)) return next();
    refuse(answer, new Failure("INVALID_MESSAGE", `event: ${event.slice(0, 64)} is not known here`));
  });

  async function run(event: string, { schema, act }: Action, given: unknown, answer: Answer): Promise<void> {
    try {
      const payload = typeof given === "function" ? undefined : given; // only the ack was given
      answer({ ok: true, ...(await act(parse(schema, payload))) });
    } catch (error) {
      if (!(error instanceof Failure)) handling.onFault(event, error);
      answer({ ok: false, error: toFailure(error).body });
    }
  }

  return inOrder;
}

/** How to answer: by the ack that was asked for; without one, failures go out as an `error` event. */
function answerOf(socket: AnySocket, given: readonly unknown[], failed = nothingElse): Answer {
  const ack = given.at(-1);
  if (typeof ack === "function") return (answer) => ack(answer.ok ? answer : { ...answer, ...failed() });
  return (answer) => {
    if (!answer.ok && socket.connected) emitError(socket, answer.error);
  };
}

function refuse(answer: Answer, failure: Failure): void {
  answer({ ok: false, error: failure.body });
}
