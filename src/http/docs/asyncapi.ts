// The AsyncAPI 3.0 document of the Socket.IO namespaces, made from the tables of their events.
import { z } from "zod";
import type { ChannelKind } from "../../contract/channel-names.ts";
import { type Meta, meta } from "../../contract/durable.ts";
import { errorBody } from "../../contract/frames.ts";
import { NAMESPACES } from "../../contract/namespaces.ts";
import type { ClientEvent, NamespaceRows, ServerEvent } from "../../contract/rows.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";

/** An AsyncAPI document, as far as the page of the documentation reads it. */
export interface AsyncApi extends Record<string, unknown> {
  channels: Record<string, { address: string; description: string; messages: Record<string, Message> }>;
  operations: Record<string, Direction>;
}

interface Reference {
  $ref: string;
}

/** Which message goes which way; `send` is what the server sends. A `reply` is the ack. */
interface Direction {
  action: "send" | "receive";
  channel: Reference;
  messages: Reference[];
  reply?: { channel: Reference; messages: Reference[] };
}

/** An event: its arguments are the items of an array, as Socket.IO sends them. */
export interface Message {
  name: string;
  summary: string;
  payload: JsonSchema;
  /** What is sent in a usual case, as the arguments of the event. */
  examples: { payload: unknown[] }[];
}

/** Creates the AsyncAPI document from the rows of events. */
export function asyncapi(): AsyncApi {
  const channels: AsyncApi["channels"] = {};
  const operations: AsyncApi["operations"] = {};
  for (const { name, description, server, client } of NAMESPACES as readonly NamespaceRows[]) {
    const key = name.slice(1);
    const messages: Record<string, Message> = {};
    const refer = (message: string) => ({ $ref: `#/channels/${key}/messages/${message}` });
    for (const [event, documented] of Object.entries(server)) {
      const message = `server.${event}`;
      messages[message] = sent(event, documented);
      operations[`${key}.${message}`] = operation("send", key, refer(message));
    }
    for (const [event, documented] of Object.entries(client)) {
      const message = `client.${event}`;
      messages[message] = received(event, documented);
      messages[`${message}.ack`] = acknowledged(event, documented);
      operations[`${key}.${message}`] = {
        ...operation("receive", key, refer(message)),
        reply: { channel: { $ref: `#/channels/${key}` }, messages: [refer(`${message}.ack`)] },
      };
    }
    channels[key] = { address: name, description, messages };
  }
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Classwire",
      version: "1",
      description: "The Socket.IO namespaces (path /socket.io). The token goes into the handshake, as auth.token.",
    },
    channels,
    operations,
  };
}

function operation(action: Direction["action"], key: string, message: Reference): Direction {
  return { action, channel: { $ref: `#/channels/${key}` }, messages: [message] };
}

function sent(name: string, { sentence, payload, example, durable }: ServerEvent): Message {
  const first = jsonSchema(payload, "output");
  return durable === undefined
    ? message(name, sentence, [first], [example])
    : message(name, sentence, [first, jsonSchema(meta, "output")], [example, metaExample(durable)]);
}

function metaExample(kind: ChannelKind): Meta {
  const ids = { dashboard: "123", notifications: "123", messages: "123", "run-results": "run-1", rooms: "class-7" };
  return { channel: `${kind}/${ids[kind]}`, offset: 42, id: "01JFZK4T" };
}

function received(name: string, { sentence, payload, example }: ClientEvent): Message {
  const sent = payload !== undefined;
  return message(name, sentence, sent ? [jsonSchema(payload, "input")] : [], sent ? [example] : []);
}

/** An ack is `{ok: true, …}` or `{ok: false, error}`; an answer that is whole has its own form. */
function acknowledged(name: string, { answer, whole, answerExample }: ClientEvent): Message {
  const failure = z.object({ ok: z.literal(false), error: errorBody });
  const schema = whole ? answer : z.union([z.intersection(z.object({ ok: z.literal(true) }), answer), failure]);
  const example = whole ? answerExample : { ok: true, ...(answerExample as object) };
  return message(`${name} (ack)`, "The ack", [jsonSchema(schema, "output")], [example]);
}

function message(name: string, summary: string, items: JsonSchema[], example: unknown[]): Message {
  return { name, summary, payload: tuple(items), examples: [{ payload: example }] };
}

function tuple(items: JsonSchema[]): JsonSchema {
  return { type: "array", prefixItems: items, minItems: items.length, maxItems: items.length };
}
