// The generated parts of README.md: events and calls, from their rows.

import { API } from "../src/contract/api.ts";
import type { Access, CallRow } from "../src/contract/calls.ts";
import { NAMESPACES } from "../src/contract/namespaces.ts";
import type { NamespaceRows } from "../src/contract/rows.ts";
import { createEmitter } from "../src/emitter/create-emitter.ts";
import { code, table, withParts } from "./generated-parts.ts";

const CALLERS: Record<Access, string> = {
  anyone: "anyone",
  loopback: "this machine, backends",
  backend: "backends",
  network: "trusted networks, backends",
  self: "the user, backends",
  "signed-in": "users, backends",
};

/** Tags of the calls that are for operators. */
const OPERATING = new Set(["Health", "Documentation"]);

/** The README with its tables of events and calls made anew. @throws Error for a part that has no lines or no place */
export function readmeDocument(text: string): string {
  const rows = Object.values<CallRow>(API);
  return withParts("README.md", text, {
    events: () => events(NAMESPACES),
    calls: () => calls(rows.filter(({ tag }) => !OPERATING.has(tag))),
    pages: () => pages(rows.filter(({ tag }) => OPERATING.has(tag))),
  });
}

/** What every client may send is left out: a sentence says it once. */
function events(namespaces: readonly NamespaceRows[]): string[] {
  const everywhere = (name: string): boolean => namespaces.every(({ client }) => Object.hasOwn(client, name));
  const names = (list: readonly string[]): string => list.map(code).join(", ") || "–";
  const rows = namespaces.map(({ name, server, client }) => {
    const heard = Object.entries(server);
    return [
      code(name),
      names(heard.flatMap(([event, { durable }]) => (durable === undefined ? [] : [event]))),
      names(heard.flatMap(([event, { durable }]) => (durable === undefined ? [event] : []))),
      names(Object.keys(client).filter((event) => !everywhere(event))),
    ];
  });
  return table(["namespace", "you hear, kept", "you hear, now only", "you may send"], rows);
}

function calls(rows: readonly CallRow[]): string[] {
  const emitter = createEmitter({ api: { url: "http://127.0.0.1", token: "" } });
  return table(
    ["call", "`classwire/emitter`", "what it does", "for"],
    rows.map((row) => [
      requestOf(row),
      Object.hasOwn(emitter, row.operationId) ? code(row.operationId) : "",
      text(row.summary),
      CALLERS[row.access],
    ]),
  );
}

function pages(rows: readonly CallRow[]): string[] {
  return table(
    ["page", "what it says", "for"],
    rows.map((row) => {
      const others = Object.entries(row.answer.also ?? {}).map(([status, meaning]) => `. ${status}: ${meaning}`);
      return [requestOf(row), text(row.summary + others.join("")), CALLERS[row.access]];
    }),
  );
}

/** A sentence as Markdown: `<` begins no tag. */
const text = (sentence: string): string => sentence.replaceAll("<", "&lt;");

/** `GET /api/v1/things?since=&limit=` */
function requestOf({ method, path, example }: CallRow): string {
  const query = Object.keys(example.query ?? {}).map((name) => `${name}=`);
  return code(`${method.toUpperCase()} ${path}${query.length === 0 ? "" : `?${query.join("&")}`}`);
}
