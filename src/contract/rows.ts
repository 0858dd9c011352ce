// Rows: an event or a call is written down once, and everything that speaks of it follows from its row.
import type { z } from "zod";
import type { Ack, AckCallback } from "./acks.ts";
import type { ChannelKind } from "./channel-names.ts";
import { type Envelope, envelope, type Meta } from "./durable.ts";

/** An event that the server says once and does not keep. */
export interface EphemeralEvent<Payload extends z.ZodType = z.ZodType> {
  /** What a client hears. */
  readonly payload: Payload;
  readonly sentence: string;
  readonly example: z.output<Payload>;
  readonly durable?: never;
  /** True for what only the server itself may say: no backend's emitter raises it. */
  readonly own: boolean;
}

/** An event that is kept in a channel of this kind; on the wire a second argument, {@link Meta}, says where it stands. */
export interface DurableEvent<
  Kind extends ChannelKind = ChannelKind,
  Data extends z.ZodType = z.ZodType,
  Payload extends z.ZodType = z.ZodType,
> {
  readonly durable: Kind;
  /** What the log keeps. */
  readonly data: Data;
  /** What a client hears: the data, for some kinds in an {@link envelope}. */
  readonly payload: Payload;
  readonly sentence: string;
  readonly example: z.output<Payload>;
}

/** An event from the server. */
export type ServerEvent = EphemeralEvent | DurableEvent;

/** An event from a client, and the answer to it. */
export interface ClientEvent<
  Payload extends z.ZodType | undefined = z.ZodType | undefined,
  Answer extends z.ZodType = z.ZodType,
  Acked extends "always" | "if asked" = "always" | "if asked",
> {
  /** What the client sends; undefined where it sends nothing. */
  readonly payload: Payload;
  /** What the ack says beside `ok: true`, or the whole of it where the row says `whole`. */
  readonly answer: Answer;
  readonly whole: boolean;
  /** Whether documented clients ask for the ack. */
  readonly acked: Acked;
  readonly sentence: string;
  readonly example: unknown;
  readonly answerExample: z.output<Answer>;
}

/** A namespace with every event that goes over it. */
export interface NamespaceRows {
  readonly name: "/dashboard" | "/channels" | "/study-time";
  readonly description: string;
  readonly server: Readonly<Record<string, ServerEvent>>;
  readonly client: Readonly<Record<string, ClientEvent>>;
}

/** A client event without a payload. */
export const nothing = undefined;

/** Writes down a namespace. */
export function namespace<const Rows extends NamespaceRows>(rows: Rows): Rows {
  return rows;
}

/** Writes down an event that is said once. */
export function event<Payload extends z.ZodType>(
  payload: Payload,
  sentence: string,
  example: z.output<Payload>,
): EphemeralEvent<Payload> & { readonly own: false } {
  return { payload, sentence, example, own: false };
}

/** Writes down an event that is said once, by the server itself and by no backend. */
export function ownEvent<Payload extends z.ZodType>(
  payload: Payload,
  sentence: string,
  example: z.output<Payload>,
): EphemeralEvent<Payload> & { readonly own: true } {
  return { payload, sentence, example, own: true };
}

/** Writes down an event that is kept in channels of `kind`. `example` is of its data, in the channel of that example. */
export function durable<Kind extends ChannelKind, Data extends z.ZodType<Record<string, unknown>>>(
  kind: Kind,
  data: Data,
  sentence: string,
  example: z.output<Data>,
): DurableEvent<Kind, Data, Data> {
  return { durable: kind, data, payload: data, sentence, example };
}

/** The same for the kinds whose clients hear `{channel, data, timestamp}`. `channel` is that of the example. */
export function enveloped<Kind extends ChannelKind, Data extends z.ZodType<Record<string, unknown>>>(
  kind: Kind,
  data: Data,
  sentence: string,
  example: { channel: string; data: z.output<Data>; timestamp: number },
): DurableEvent<Kind, Data, Envelope<Data>> {
  return { durable: kind, data, payload: envelope(data), sentence, example: example as z.output<Envelope<Data>> };
}

/** Writes down what a client may send and what it is answered. `example` is what it sends, `answer` what comes back. */
export function request<Payload extends z.ZodType | undefined, Answer extends z.ZodType>(
  payload: Payload,
  answer: Answer,
  sentence: string,
  example: { payload?: Payload extends z.ZodType ? z.input<Payload> : undefined; answer: z.output<Answer> },
): ClientEvent<Payload, Answer, "always"> {
  const { answer: answerExample, payload: sent } = example;
  return { payload, answer, whole: false, acked: "always", sentence, example: sent, answerExample };
}

/** The same where documented clients do not ask for the ack. */
export function notice<Payload extends z.ZodType | undefined, Answer extends z.ZodType>(
  ...row: Parameters<typeof request<Payload, Answer>>
): ClientEvent<Payload, Answer, "if asked"> {
  return { ...request<Payload, Answer>(...row), acked: "if asked" };
}

/** The same where the answer has its own form, its own `ok` included. */
export function exchange<Payload extends z.ZodType | undefined, Answer extends z.ZodType<{ ok: boolean }>>(
  ...row: Parameters<typeof request<Payload, Answer>>
): ClientEvent<Payload, Answer, "always"> & { readonly whole: true } {
  return { ...request<Payload, Answer>(...row), whole: true };
}

/** The events that a client of a namespace hears, as socket.io's types want them. */
export type ServerEvents<Rows extends NamespaceRows> = {
  [Name in keyof Rows["server"]]: Rows["server"][Name] extends DurableEvent
    ? (payload: z.output<Rows["server"][Name]["payload"]>, meta: Meta) => void
    : (payload: z.output<Rows["server"][Name]["payload"]>) => void;
};

/** The answer that a client event's callback is given. */
export type AnswerTo<Row extends ClientEvent> = Row extends { readonly whole: true }
  ? z.output<Row["answer"]>
  : Ack<Extract<z.output<Row["answer"]>, object>>;

type CallbackOf<Row extends ClientEvent> = Row extends { readonly whole: true }
  ? (answer: z.output<Row["answer"]>) => void
  : AckCallback<Extract<z.output<Row["answer"]>, object>>;

type ArgumentsOf<Row extends ClientEvent> = [
  ...(Row["payload"] extends z.ZodType ? [payload: z.input<Row["payload"]>] : []),
  ...(Row["acked"] extends "always" ? [ack: CallbackOf<Row>] : [ack?: CallbackOf<Row>]),
];

/** The events that a client of a namespace may send, as socket.io's types want them. */
export type ClientEvents<Rows extends NamespaceRows> = {
  [Name in keyof Rows["client"]]: (...given: ArgumentsOf<Rows["client"][Name]>) => void;
};

/** The names of a namespace's durable events. */
export type DurableEventName<Rows extends NamespaceRows> = {
  [Name in keyof Rows["server"]]: Rows["server"][Name] extends DurableEvent ? Name : never;
}[keyof Rows["server"]];

/** What the log keeps of a durable event. */
export type DurableData<
  Rows extends NamespaceRows,
  Name extends DurableEventName<Rows>,
> = Rows["server"][Name] extends DurableEvent ? z.output<Rows["server"][Name]["data"]> : never;
