// What a run writes down of itself: one record a line, by whoever saw it, in the order in which it was seen.
import { crc32 } from "node:zlib";

/** What a client is promised: a Socket.IO client that says `since` hears every event once, a raw one at least once. */
export type Promised = "once" | "at-least-once";

interface Seen {
  /** When it was seen (epoch ms of the clock of the process that saw it). */
  readonly time: number;
}

/** What may not be exceeded. The first record of a run that checks it. */
export interface Limits extends Seen {
  readonly kind: "limits";
  /** Connections of one user, by namespace. */
  readonly connections?: Readonly<Record<string, number>>;
  /** Messages of one connection that the server acts upon. */
  readonly messagesPerSecond?: number;
  /** For how long an excess may last: clients hear of the end of a connection later than the server. */
  readonly graceMs: number;
}

/** Messages that are about to be published: number, channel, hash of the content. A message has one number in the whole run. */
export interface Published extends Seen {
  readonly kind: "published";
  readonly events: readonly (readonly [number: number, channel: string, hash: number])[];
}

/** Messages that the server has acknowledged to their publisher: number, offset, id. */
export interface Acknowledged extends Seen {
  readonly kind: "acknowledged";
  readonly events: readonly (readonly [number: number, offset: number, id: string])[];
}

/** What the log of a channel says at the end of the run, read through the API: number, offset, id, hash of the content. */
export interface Kept extends Seen {
  readonly kind: "kept";
  readonly channel: string;
  readonly epoch: string;
  readonly events: readonly (readonly [number: number, offset: number, id: string, hash: number])[];
}

/** A connection of a client. */
export interface Opened extends Seen {
  readonly kind: "opened";
  readonly client: string;
  readonly connection: number;
  readonly user: string;
  readonly namespace: string;
  readonly promised: Promised;
}

/** The end of one. */
export interface Closed extends Seen {
  readonly kind: "closed";
  readonly client: string;
  readonly connection: number;
}

/** The answer to a subscription, with what was asked; of a raw one, which has no such answer, `offset` is where it must begin. */
export interface Subscribed extends Seen {
  readonly kind: "subscribed";
  readonly client: string;
  readonly channel: string;
  readonly since?: number;
  readonly epoch?: string;
  readonly offset: number;
  readonly replayed: number;
  readonly recovered: boolean;
}

/** An event that a client has got. Raw dialects say neither offset nor id. */
export interface Delivered extends Seen {
  readonly kind: "delivered";
  readonly client: string;
  readonly connection: number;
  readonly channel: string;
  readonly number: number;
  readonly hash: number;
  readonly offset?: number;
  readonly id?: string;
  readonly epoch?: string;
}

/** The server has taken a client's word that everything up to `offset` is handled. */
export interface Acked extends Seen {
  readonly kind: "acked";
  readonly client: string;
  readonly channel: string;
  readonly offset: number;
}

/** From now on (and `graceMs`) nothing may reach this user. */
export interface Revoked extends Seen {
  readonly kind: "revoked";
  readonly user: string;
  readonly graceMs: number;
}

/** The user may hear again. */
export interface Granted extends Seen {
  readonly kind: "granted";
  readonly user: string;
}

/** A message of a client that the server has acted upon, and when it was sent. */
export interface Handled extends Seen {
  readonly kind: "handled";
  readonly client: string;
  readonly connection: number;
  readonly sent: number;
}

/** The run has waited for this client: it must have everything by now. */
export interface Settled extends Seen {
  readonly kind: "settled";
  readonly client: string;
  readonly channel: string;
}

/** Any line of a history. */
export type HistoryRecord =
  | Limits
  | Published
  | Acknowledged
  | Kept
  | Opened
  | Closed
  | Subscribed
  | Delivered
  | Acked
  | Revoked
  | Granted
  | Handled
  | Settled;

/** What a message says: its number first, so that a client which has nothing else of it can tell which it is. */
export function contentOf(number: number, filling: string): string {
  return `${number}:${filling}`;
}

/** The number of a content, -1 for something else. */
export function numberOf(content: unknown): number {
  if (typeof content !== "string") return -1;
  const end = content.indexOf(":");
  return end > 0 && /^\d+$/.test(content.slice(0, end)) ? Number(content.slice(0, end)) : -1;
}

/** The hash of a content. */
export function hashOf(content: string): number {
  return crc32(content);
}
