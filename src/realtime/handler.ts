// The one wrapper around every event from a client: limit → validate → act → ack.
import type { Event } from "socket.io";
import { CLOSE } from "../connection/close-codes.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import type { Ack } from "../contract/acks.ts";
import { Failure, toFailure } from "../contract/errors.ts";
import { parse } from "../contract/parse.ts";
import type { Action, Actions } from "./actions.ts";
import { closeSocket } from "./closing.ts";
import { emitError } from "./errors.ts";
import type { AnySocket } from "./types.ts";

/** How a socket's events are handled. */
export interface Handling<Context> {
  readonly actions: Actions<Context>;
  /** What the actions of this socket work with. */
  readonly context: Context;
  /** What to do with one more event, by the rate of this connection. */
  rate(event: string): RateVerdict;
  /** Told of every error that is not in the error table. */
  onFault(event: string, error: unknown): void;
}

/** Does something between two events of a socket. */
export interface InOrder {
  /** `work` begins when all before it has ended; it may be done at once. It must neither throw nor reject. */
  inOrder(work: () => Promise<void> | undefined): void;
}

type Answer = (answer: Ack) => void;

/** Socket.IO itself puts one listener on `error`, lest a client's `error` event end the process. */
const LISTENERS_OF_SOCKET_IO: Readonly<Record<string, number>> = { error: 1 };

/**
 * Handles the socket's events, one after the other in the order in which they came, so that a `join_room` is done before
 * the `room_message` behind it. Events of others (a library user's own listeners) pass through; unknown ones are refused.
 */
export class EventHandler<Context> implements InOrder {
  readonly #socket: AnySocket;
  readonly #handling: Handling<Context>;
  /** The end of the queue; undefined while nothing is at work. */
  #last: Promise<void> | undefined;

  constructor(socket: AnySocket, handling: Handling<Context>) {
    this.#socket = socket;
    this.#handling = handling;
    socket.use((event, next) => this.#handle(event, next));
  }

  /** Handles nothing before `ready` has settled, which must not reject. */
  begin(ready: Promise<unknown>): void {
    this.inOrder(async () => void (await ready));
  }

  inOrder(work: () => Promise<void> | undefined): void {
    const done = this.#last === undefined ? work() : this.#last.then(work);
    if (done === undefined) return;
    this.#last = done;
    void done.then(() => {
      if (this.#last === done) this.#last = undefined;
    });
  }

  #handle([name, ...given]: Event, next: () => void): void {
    const socket = this.#socket;
    if (!socket.connected) return;
    const { actions, context } = this.#handling;
    const event = String(name); // a number is an event too
    const action = Object.hasOwn(actions, event) ? actions[event] : undefined;
    const answer = answerOf(socket, given, () => action?.failed?.(context));
    const verdict = this.#handling.rate(event);
    if (verdict === "close") closeSocket(socket, { code: CLOSE.policy, reason: "too many messages" });
    else if (verdict === "drop and say so") refuse(answer, new Failure("RATE_LIMIT", "too many messages"));
    if (verdict !== "take") return;
    if (action !== undefined) this.inOrder(() => run(event, action, this.#handling, given[0], answer));
    else if (socket.listenerCount(event) > (LISTENERS_OF_SOCKET_IO[event] ?? 0)) next();
    else refuse(answer, new Failure("INVALID_MESSAGE", `event ${event.slice(0, 64)} is not known here`));
  }
}

/** Acts, and answers: at once where the action does, so that a heartbeat costs no promise. */
function run<Context>(
  event: string,
  { schema, act }: Action<Context>,
  handling: Handling<Context>,
  given: unknown,
  answer: Answer,
): Promise<void> | undefined {
  const succeeded = (value: unknown): void => answer({ ok: true, ...(value as object) });
  const failed = (error: unknown): void => {
    if (!(error instanceof Failure)) handling.onFault(event, error);
    answer({ ok: false, error: toFailure(error).body });
  };
  try {
    const payload = typeof given === "function" ? undefined : given; // only the ack was given
    const value = act(schema === undefined ? undefined : parse(schema, payload), handling.context);
    if (value instanceof Promise) return value.then(succeeded).catch(failed);
    succeeded(value);
  } catch (error) {
    failed(error);
  }
  return undefined;
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
