// The generated parts of docs/protocol.md: frames from test/vectors, everything else from the rows of dialects and events.
import { Duplex } from "node:stream";
import { CLOSE } from "../src/connection/close-codes.ts";
import { type ErrorCode, Failure } from "../src/contract/errors.ts";
import { type ClientEventName, NAMESPACES } from "../src/contract/namespaces.ts";
import type { NamespaceRows } from "../src/contract/rows.ts";
import { rfc3339 } from "../src/contract/time.ts";
import { closingFor } from "../src/raw/close-frame.ts";
import type { Answer, Dialect } from "../src/raw/codec.ts";
import { DIALECTS } from "../src/raw/dialects/table.ts";
import { isRefusedByHttp, refuseByHttp } from "../src/raw/refusal.ts";
import { NOW, type Vector, vectorsOf } from "../test/support/vectors.ts";
import { code, table, withParts } from "./generated-parts.ts";
import { type FieldNotes, fieldsOf } from "./protocol-fields.ts";

/** How {@link NOW} stands in the document, whatever zone this machine is in. */
const DOCUMENTED_NOW = "2025-12-26T14:05:30+08:00";

const RFC3339 = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d/;

/** What the frames alone do not show, by direction, dialect and frame. */
const NOTES: Readonly<Record<string, FieldNotes>> = {
  "server channels run-results": { "data.duration": "number, milliseconds" },
  "server study-time heartbeat_response success": { studyTime: "integer, seconds" },
  "server study-time heartbeat_response error": { studyTime: "integer, seconds; unchanged by what failed" },
  "server gateway data_update": { "content.id": "string or integer", "content.data": "any JSON" },
  "server messenger chat": { content: "string, or an object" },
  "server messenger typing": { content: 'any JSON; `""` if none was sent' },
  "server messenger any other": { type: "string", content: "any JSON" },
  "client gateway user_message": { "content.from": "ignored: the sender is the token's user" },
  "client messenger chat": { from: "ignored: the sender is the token's user", content: "string, or an object" },
  "client messenger typing": { content: "any JSON" },
  "client study-time heartbeat": {
    timestamp: "ISO 8601 time or epoch milliseconds; never counted by, and nothing is refused for it",
  },
};

const CLOSE_CODES: Record<keyof typeof CLOSE, string> = {
  normal: "The server has ended the connection and gives no reason.",
  draining: "The node shuts down. Come back: another one takes over.",
  binary: "The client sent a binary frame. All dialects are text.",
  policy:
    "Refused, replaced by a newer connection, without a heartbeat, too many messages, or disconnected by the platform. The reason says which.",
  tooBig: "The client's frame is above `MAX_MESSAGE_BYTES`.",
  fault: "Our fault. Come back.",
};

/** Why a connection is refused, with the code and the token that the client gave. */
const REFUSALS: readonly [why: string, code: ErrorCode, token: string | undefined][] = [
  ["no token", "AUTH_FAILED", undefined],
  ["a bad token", "INVALID_TOKEN", "bad"],
  ["an expired token", "TOKEN_EXPIRED", "old"],
  ["too many attempts or connections", "RATE_LIMIT", "good"],
  ["a full or draining node, or our fault", "SERVER_ERROR", "good"],
];

/** The document with all of its generated parts made anew. @throws Error for a part that has no lines or no place */
export function protocolDocument(text: string): string {
  const parts: Record<string, () => readonly string[]> = { overview, "close-codes": closeCodes };
  for (const dialect of DIALECTS) {
    const { speaks } = dialect.traits;
    parts[`${speaks}:client`] = () => clientFrames(dialect);
    if (malformed(dialect).length > 0) parts[`${speaks}:malformed`] = () => malformed(dialect);
    parts[`${speaks}:server`] = () => serverFrames(dialect);
    parts[`${speaks}:refusals`] = () => refusals(dialect);
  }
  return withParts("docs/protocol.md", text, parts).replaceAll(rfc3339(new Date(NOW)), DOCUMENTED_NOW);
}

function overview(): string[] {
  const settings = {
    dashboard: "`DASHBOARD_CONNECTIONS_PER_USER`",
    channels: "`CHANNELS_CONNECTIONS_PER_USER`, with Socket.IO's",
    gateway: "`GATEWAY_CONNECTIONS_PER_USER`, gateway and messenger together",
    "study-time": "1 per course",
  };
  const withoutToken = { never: "no", user: "a user", "user-or-guest": "a user or a guest" };
  return table(
    ["dialect", "path", "namespace", "hears without asking", "without a token*", "connections per user", "resumes"],
    DIALECTS.map(({ path, namespace, traits }) => [
      traits.speaks,
      code(path),
      code(namespace),
      namespace === "/channels" ? traits.subscribes.map(code).join(", ") || "nothing" : "the namespace's events",
      withoutToken[traits.queryUser],
      settings[traits.limit],
      traits.resumes ? "yes" : "no",
    ]),
  );
}

function closeCodes(): string[] {
  const rows = Object.entries(CLOSE).map(([name, number]) => [`${number}`, CLOSE_CODES[name as keyof typeof CLOSE]]);
  return table(["code", "meaning"], rows);
}

function rowsOf({ namespace }: Dialect): NamespaceRows {
  const rows = NAMESPACES.find(({ name }) => name === namespace);
  if (rows === undefined) throw new Error(`no namespace ${namespace}`);
  return rows;
}

/** The first sentence of a row: what follows is about Socket.IO clients. */
const sentence = (text = ""): string => text.split(/\. |; (?=also|raw)/, 1)[0] ?? text;

/** Frames by a key, each group in the order in which they stand in the vectors. */
function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function clientFrames(dialect: Dialect): string[] {
  const { client } = rowsOf(dialect);
  const { speaks } = dialect.traits;
  const meant = vectorsOf(speaks).flatMap(({ in: text, signal }) => {
    const row = signal && client[signal.event];
    const isValid = row && (row.payload === undefined || row.payload.safeParse(signal.payload).success);
    return isValid && text !== undefined ? [{ frame: JSON.parse(text) as object, event: signal.event }] : [];
  });
  const groups = grouped(meant, ({ frame }) => String(Reflect.get(frame, "type")));
  const rows = [...groups].map(([type, vectors]) => {
    const [{ event } = { event: "" as ClientEventName }] = vectors;
    const answer = { ok: true, ...(client[event]?.answerExample as object) } as Answer;
    const answered = dialect.codec.answer(event, answer, NOW);
    const frames = vectors.map(({ frame }) => frame);
    const fields = fieldsOf(frames, NOTES[`client ${speaks} ${type}`]).filter((field) => !field.startsWith("`type`"));
    const meaning =
      type === "auth" ? "Brings the token, or a new one of the same user" : sentence(client[event]?.sentence);
    return [code(type), fields.join("<br>") || "–", meaning, answered === null ? "nothing" : code(answered)];
  });
  return table(["`type`", "other fields", "meaning", "answer"], rows);
}

function malformed({ codec, traits }: Dialect): string[] {
  const rows = vectorsOf(traits.speaks).flatMap(({ in: text, failure, message }) =>
    text === undefined || failure === undefined
      ? []
      : [[code(text === "" ? "(empty)" : text), code(codec.error(new Failure(failure, message), NOW))]],
  );
  return rows.length === 0 ? [] : table(["frame", "answer"], rows);
}

/** Why a frame is sent. `typeOf` gives the type of the client's frame that means an event. */
function causeOf({ event, answered, answer }: Vector, { server }: NamespaceRows, typeOf: (event: string) => string) {
  if (event === "error")
    return "Something failed that no frame asked for: the token has expired, a subscription has ended";
  if (event !== undefined) return sentence(server[event]?.sentence);
  if (answered === undefined) return "The connection or a frame is refused";
  return answer?.ok ? `The answer to ${code(typeOf(answered))}` : "What a frame asked for failed";
}

function serverFrames(dialect: Dialect): string[] {
  const rows = rowsOf(dialect);
  const { speaks } = dialect.traits;
  const sent = vectorsOf(speaks).flatMap((vector) => {
    const { out: frame } = vector;
    return typeof frame === "object" && frame !== null ? [{ vector, frame }] : [];
  });
  const read = sent.map(({ vector, frame }) => ({ vector, frame: frame as Readonly<Record<string, unknown>> }));
  // A frame of a backend's own has any type.
  const groups = grouped(read, ({ vector, frame: { event, type, status = "" } }) =>
    vector.event === "push" ? "any other" : `${event ?? type} ${status}`.trim(),
  );
  const typeOf = (event: string): string => {
    const means = vectorsOf(speaks).find(({ signal }) => signal?.event === event);
    return means?.in === undefined ? event : String(Reflect.get(JSON.parse(means.in), "type"));
  };
  const listed = [...groups].map(([name, vectors]) => {
    const frames = vectors.map(({ frame }) => frame);
    const causes = [...new Set(vectors.map(({ vector }) => causeOf(vector, rows, typeOf)))];
    const durable = vectors.some(({ vector }) => vector.event !== undefined && rows.server[vector.event]?.durable);
    const when = `${causes.join(".<br>")}.${durable ? "<br>Durable." : ""}`;
    return [
      name === "any other" ? name : code(name),
      fieldsOf(frames, NOTES[`server ${speaks} ${name}`]).join("<br>"),
      when,
    ];
  });
  const examples = [...groups.values()].map(([first]) => JSON.stringify(first?.frame));
  return [...table(["frame", "fields", "when"], listed), "", "```json lines", ...examples, "```"];
}

function refusals(dialect: Dialect): string[] {
  const rows = REFUSALS.map(([why, name, token]) => {
    const failure = new Failure(name);
    if (isRefusedByHttp(dialect, failure)) return [why, httpAnswer(dialect, failure, token)];
    const lingers = failure.code === "RATE_LIMIT" && dialect.lingers === true;
    const closing = `close ${closingFor(failure).code}${lingers ? " after 10 seconds" : ""}`;
    return [why, `${code(dialect.codec.error(failure, NOW))}, then ${closing}`];
  });
  return table(["because of", "answer"], rows);
}

/** The HTTP answer to a refused upgrade, as the engine writes it. */
function httpAnswer(dialect: Dialect, failure: Failure, token: string | undefined): string {
  let text = "";
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  refuseByHttp(socket, dialect, failure, token);
  socket.destroy();
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [, status] = /^HTTP\/1.1 (\d+)/.exec(head) ?? [];
  return `HTTP ${status}${/^retry-after:/im.test(head) ? " with `Retry-After`" : ""}, ${code(body.replace(RFC3339, DOCUMENTED_NOW))}`;
}
