// The AsyncAPI 3.0 document of the Socket.IO namespaces, made from the tables of their events.
import { z } from "zod";
import { meta } from "../../contract/durable.ts";
import { channelsNamespace } from "./channels-events.ts";
import { dashboardNamespace } from "./dashboard-events.ts";
import type { AnyEvent, DocumentedNamespace } from "./event.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";
import { errorFrame } from "./shared-schemas.ts";
import { studyTimeNamespace } from "./study-time-events.ts";

/** The namespaces, each with every event that goes over it. */
export const NAMESPACES: readonly DocumentedNamespace[] = [dashboardNamespace, channelsNamespace, studyTimeNamespace];

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
}

/** Makes the document. */
export function asyncapi(): AsyncApi {
  const channels: AsyncApi["channels"] = {};
  const operations: AsyncApi["operations"] = {};
  for (const { name, description, server, client } of NAMESPACES) {
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

function sent(name: string, { summary, payload, durable }: AnyEvent): Message {
  const first = payload === undefined ? [] : [jsonSchema(payload, "output")];
  return { name, summary, payload: tuple(durable ? [...first, jsonSchema(meta, "output")] : first) };
}

function received(name: string, { summary, payload }: AnyEvent): Message {
  return { name, summary, payload: tuple(payload === undefined ? [] : [jsonSchema(payload, "input")]) };
}

/** An ack is `{ok: true, …}` or `{ok: false, error}`; a schema that has an `ok` of its own is the whole of it. */
function acknowledged(name: string, { ack = z.object({}) }: AnyEvent): Message {
  const failure = z.object({ ok: z.literal(false), error: errorFrame.omit({ timestamp: true }) });
  const whole = ack instanceof z.ZodObject && "ok" in ack.shape;
  const good = whole ? ack : z.intersection(z.object({ ok: z.literal(true) }), ack);
  const schema = whole ? good : z.union([good, failure]);
  return { name: `${name} (ack)`, summary: "The ack", payload: tuple([jsonSchema(schema, "output")]) };
}

function tuple(items: JsonSchema[]): JsonSchema {
  return { type: "array", prefixItems: items, minItems: items.length, maxItems: items.length };
}
