// The one wrapper around every event from a client: limit → validate → act → ack.
import { z } from "zod";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import { CLOSE } from "../connection/traits.ts";
import type { Ack } from "../contract/acks.ts";
import { Failure, toFailure } from "../contract/errors.ts";
import { parse } from "../contract/parse.ts";
import { closeSocket } from "./closing.ts";
import { emitError } from "./errors.ts";
import type { AnySocket } from "./types.ts";

/** What a client may send: the shape of its payload, and what is done. The answer becomes `{ok: true, …answer}`. */
export interface Action<Context> {
  schema: z.ZodType;
  act: (payload: unknown, context: Context) => Promise<object | undefined> | object | undefined;
  /** What a failing answer says besides `{ok: false, error}`. */
  failed: ((context: Context) => object) | undefined;
}

/** The events of a namespace by name: one table for all of its sockets, each of which brings its context. */
export type Actions<Context> = Readonly<Record<string, Action<Context>>>;

/** Ties an action's function to its schema's type. */
export function action<Schema extends z.ZodType, Context>(
  schema: Schema,
  act: (payload: z.output<Schema>, context: Context) => Promise<object | undefined> | object | undefined,
  failed?: (context: Context) => object,
): Action<Context> {
  return { schema, act: act as Action<Context>["act"], failed };
}

/** A payload that does not matter. */
export const nothing = z.unknown();

/** How a socket's events are handled. */
export interface Handling<Context> {
  actions: Actions<Context>;
  /** What the actions of this socket work with. */
  context: Context;
  /** What must be done before the first event is handled; if it fails, whoever does it closes the socket. */
  ready: Promise<unknown>;
  /** What to do with one more event, by the rate of this connection. */
  rate: (event: string) => RateVerdict;
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
export function handleEvents<Context>(socket: AnySocket, handling: Handling<Context>): InOrder {
  const { actions, context, ready, rate, onFault } = handling;
  /** The end of the line; undefined while nothing is at work. */
  let last: Promise<void> | undefined;

  const inOrder: InOrder = (work) => {
    const mine = last === undefined ? work() : last.then(work);
    last = mine;
    void mine.then(() => {
      if (last === mine) last = undefined;
    });
  };
  inOrder(async () => void (await ready.catch(() => undefined)));

  socket.use(([given, ...rest], next) => {
    if (!socket.connected) return;
    const event = String(given); // a number is an event too
    const action = Object.hasOwn(actions, event) ? actions[event] : undefined;
    const answer = answerOf(socket, rest, () => action?.failed?.(context));
    const verdict = rate(event);
    if (verdict === "close") return closeSocket(socket, { code: CLOSE.policy, reason: "too many messages" });
    if (verdict === "drop and say so") return refuse(answer, new Failure("RATE_LIMIT", "too many messages"));
    if (verdict === "drop") return;
    if (action !== undefined) return inOrder(() => run(event, action, rest[0], answer));
    if (socket.listenerCount(event) > (LISTENERS_OF_SOCKET_IO[event] ?? 0)) return next();
    refuse(answer, new Failure("INVALID_MESSAGE", `event: ${event.slice(0, 64)} is not known here`));
  });

  async function run(event: string, { schema, act }: Action<Context>, given: unknown, answer: Answer): Promise<void> {
    try {
      const payload = typeof given === "function" ? undefined : given; // only the ack was given
      answer({ ok: true, ...(await act(parse(schema, payload), context)) });
    } catch (error) {
      if (!(error instanceof Failure)) onFault(event, error);
      answer({ ok: false, error: toFailure(error).body });
    }
  }

  return inOrder;
}

/** How to answer: by the ack that was asked for; without one, failures go out as an `error` event. */
function answerOf(socket: AnySocket, given: readonly unknown[], failed: () => object | undefined): Answer {
  const ack = given.at(-1);
  if (typeof ack === "function") return (answer) => ack(answer.ok ? answer : { ...answer, ...failed() });
  return (answer) => {
    if (!answer.ok && socket.connected) emitError(socket, answer.error);
  };
}

function refuse(answer: Answer, failure: Failure): void {
  answer({ ok: false, error: failure.body });
}
