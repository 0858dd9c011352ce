// What a dialect is: a table that maps its JSON frames to the events of a namespace and back, and one row that says the rest.
import type { ConnectionTraits } from "../connection/traits.ts";
import type { Meta } from "../contract/durable.ts";
import { ERRORS, type ErrorBody, type ErrorCode, Failure } from "../contract/errors.ts";
import { isShallow, MAX_DEPTH } from "../contract/json.ts";
import type { ClientEventName, Namespace } from "../contract/namespaces.ts";
import type { AnswerTo, NamespaceRows, ServerEvents } from "../contract/rows.ts";

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
 * A dialect's translation, made by {@link createCodec}. Implementations MUST be pure (the time is given), MUST NOT throw whatever they
 * are given, and MUST NOT print anything that their dialect does not document. Times are epoch milliseconds.
 */
export interface Codec {
  /** A client's frame, parsed; undefined where it was no JSON. Returns what it means, or why it means nothing. */
  decode(frame: unknown): ClientMessage | Failure;
  /** The frame for an event of the namespace, or null where the dialect knows none. `args` is what was emitted: payload, meta. */
  encode(event: string, args: readonly unknown[], now: number): string | null;
  /** The frame for the namespace's answer to a client's event, or null where the dialect answers nothing. */
  answer(event: ClientEventName, answer: Answer, now: number): string | null;
  /** The dialect's error frame. */
  error(failure: Failure, now: number): string;
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
  readonly answerIntervalMs?: Readonly<Partial<Record<ClientEventName, number>>>;
}

/** A JSON object from outside: whatever its fields are called, what they hold has to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

type KeysOf<Value> = Value extends unknown ? keyof Value : never;

/** The fields of a row. What they hold is unknown: a backend may emit anything through Redis. */
type FieldsOf<Value> = { readonly [Key in KeysOf<Value>]?: unknown };

/**
 * How a dialect maps frames to the events of a namespace, and back; names of events and fields are those of the namespace's rows.
 * To have clients of the dialect hear another event, add one line to `events`.
 */
export interface Mapping<Rows extends NamespaceRows> {
  /** By the `type` of a client's frame: the event that it means, or why it means none. */
  readonly frames: Readonly<Record<string, (frame: JsonObject) => MessageOf<Rows> | Failure>>;
  /** By an event from the server: its frame, or null where the dialect has none for this payload. */
  readonly events: {
    readonly [Name in keyof Rows["server"]]?: (
      payload: FieldsOf<Parameters<ServerEvents<Rows>[Name]>[0]>,
      now: number,
      meta: FieldsOf<Meta>,
    ) => JsonObject | null;
  };
  /** By an event from the client: the frame for the answer, where it is no error. */
  readonly answers: {
    readonly [Name in keyof Rows["client"]]?: (
      answer: FieldsOf<AnswerTo<Rows["client"][Name]>>,
      now: number,
    ) => JsonObject;
  };
  /** The frame for an error. `answer` is what a client's event was answered, where it was. */
  readonly error: (error: ErrorBody, now: number, answer?: JsonObject) => JsonObject;
}

type MessageOf<Rows extends NamespaceRows> = ClientMessage & { readonly event: keyof Rows["client"] };

/** What makes frames, by the names of events. */
type Frames<Given extends readonly unknown[]> = Readonly<Record<string, (...given: Given) => JsonObject | null>>;

const NO_META = Object.freeze({});

/** Makes a codec of a mapping. `typeof` the rows of the namespace says which names there are. */
export function createCodec<Rows extends NamespaceRows>(mapping: Mapping<Rows>): Codec {
  const frames = new Map(Object.entries(mapping.frames));
  const events = new Map(
    Object.entries(mapping.events as Frames<[payload: JsonObject, now: number, meta: JsonObject]>),
  );
  const answers = new Map(Object.entries(mapping.answers as Frames<[answer: JsonObject, now: number]>));
  return {
    decode(frame) {
      const read = readFrame(frame);
      if (read instanceof Failure) return read;
      const { type } = read;
      const toMessage = typeof type === "string" ? frames.get(type) : undefined;
      if (toMessage !== undefined) return toMessage(read);
      return new Failure("INVALID_MESSAGE", `type must be one of ${[...frames.keys()].join(", ")}`);
    },
    encode(event, [payload, meta], now) {
      const toFrame = events.get(event);
      if (toFrame === undefined || !isObject(payload)) return null;
      const frame = toFrame(payload, now, isObject(meta) ? meta : NO_META);
      return frame === null ? null : JSON.stringify(frame);
    },
    answer(event, answer, now) {
      if (!answer.ok) return JSON.stringify(mapping.error(failureOf(answer), now, answer));
      const toFrame = answers.get(event);
      return toFrame === undefined ? null : JSON.stringify(toFrame(answer, now));
    },
    error: (failure, now) => JSON.stringify(mapping.error(failure, now)),
  };
}

/** True for JSON objects. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A parsed frame as an object that nothing can trip over, or the failure for what is none: no JSON, no object, too deep. */
function readFrame(frame: unknown): JsonObject | Failure {
  if (frame === undefined) return new Failure("INVALID_MESSAGE", "the frame is not JSON");
  if (!isObject(frame)) return new Failure("INVALID_MESSAGE", "the frame is not a JSON object");
  if (!isShallow(frame)) return new Failure("INVALID_MESSAGE", `the frame is nested more than ${MAX_DEPTH} deep`);
  return frame;
}

/** The failure of a refused answer. */
export function failureOf(answer: Answer & { ok: false }): Failure {
  const { code, message } = answer.error;
  return new Failure(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "SERVER_ERROR", message);
}
