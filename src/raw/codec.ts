// What a dialect is: a pure translation between its JSON frames and the events of a namespace, and one row that says the rest.
import type { ConnectionTraits } from "../connection/traits.ts";
import { ERRORS, type ErrorCode, Failure } from "../contract/errors.ts";
import { isShallow, MAX_DEPTH } from "../contract/json.ts";
import type { ClientEventName, Namespace } from "../contract/namespaces.ts";

/** A client's frame in the words of its namespace. The payload is checked there, by the same schema as everybody's. */
export interface ClientMessage {
  readonly event: ClientEventName;
  /** JSON value, nested only as deep as the dialect allows; undefined where the event has no payload. */
  readonly payload?: unknown;
}

/** What the namespaces answer to an event. */
export type Answer =
  | ({ readonly ok: true } & Readonly<Record<string, unknown>>)
  | ({ readonly ok: false; readonly error: { readonly code: string; readonly message: string } } & Readonly<
      Record<string, unknown>
    >);

/**
 * A dialect's translation. Implementations MUST be pure (the time is given), MUST NOT throw whatever they are given, and MUST NOT
 * print anything that their dialect does not document. Times are epoch milliseconds.
 */
export interface Codec {
  /** A client's frame, parsed; undefined where it was no JSON. Returns what it means, or why it means nothing. */
  decode(frame: unknown): ClientMessage | Failure;
  /** The frame for an event of the namespace, or null where the dialect knows none. `args` is what was emitted: payload, meta. */
  encode(event: string, args: readonly unknown[], now: number): string | null;
  /** The frame for the namespace's answer to a client's event, or null where the dialect answers nothing. */
  answer(event: ClientEventName, answer: Answer, now: number): string | null;
  /** The dialect's error frame. */
  refuse(failure: Failure, now: number): string;
}

/** One dialect: its path, its namespace, how it differs from others, how it refuses a connection. */
export interface Dialect {
  /** The exact path of its URL. */
  readonly path: string;
  readonly namespace: Namespace;
  readonly traits: ConnectionTraits;
  readonly codec: Codec;
  /**
   * How a connection is refused: `frame` opens it, sends the error frame and closes with 1008; a function makes the body (JSON) of
   * an HTTP 401 before the upgrade. RATE_LIMIT and SERVER_ERROR are refused before the upgrade in any case, with 429 and 503.
   */
  readonly refusal: "frame" | ((failure: Failure, token: string | undefined) => string);
  /** RATE_LIMIT opens the connection, sends the error frame and closes only later, for clients that hurry back otherwise. */
  readonly lingers?: true;
  /** Without a token in the URL, the first frame is `{"type":"auth","token"}`. */
  readonly authFrame?: true;
  /** The least time between two answers to this event, in milliseconds. */
  readonly answersAtMostEvery?: Readonly<Partial<Record<ClientEventName, number>>>;
}

/** True for JSON objects. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A parsed frame as an object that nothing can trip over, or the failure for what is none: no JSON, no object, too deep. */
export function readFrame(frame: unknown): Record<string, unknown> | Failure {
  if (frame === undefined) return new Failure("INVALID_MESSAGE", "the frame is not JSON");
  if (!isObject(frame)) return new Failure("INVALID_MESSAGE", "the frame is not a JSON object");
  if (!isShallow(frame)) return new Failure("INVALID_MESSAGE", `the frame is nested more than ${MAX_DEPTH} deep`);
  return frame;
}

/** The failure for a `type` that the dialect does not document. */
export function unknownType(documented: readonly string[]): Failure {
  return new Failure("INVALID_MESSAGE", `type: one of ${documented.join(", ")}`);
}

/** The failure of a refused answer. */
export function failureOf(answer: Answer & { ok: false }): Failure {
  const { code, message } = answer.error;
  return new Failure(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "SERVER_ERROR", message);
}
