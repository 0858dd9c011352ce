// The documentation as one page that needs nothing from anywhere else, made from the two documents.
import type { AsyncApi } from "./asyncapi.ts";
import type { OpenApi } from "./openapi.ts";
import type { JsonSchema } from "./schema.ts";

/** The page's style; its hash is what its Content-Security-Policy lets through. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .7rem; overflow-x: auto; border-radius: 4px; margin: .4rem 0; }
details { border: 1px solid var(--line); border-radius: 4px; margin: .4rem 0; padding: .4rem .7rem; }
summary { cursor: pointer; } summary b { font: 600 13px ui-monospace, monospace; margin-right: .6rem; }
pre.example { white-space: pre-wrap; } .note { opacity: .75; margin: .4rem 0 0; } nav a { margin-right: 1rem; }
`;

/** Creates the HTML of the documentation page. */
export function page(http: OpenApi, socket: AsyncApi): string {
  const calls = Object.entries(http.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(calls.map(({ operation }) => operation.tags[0] ?? ""))];
  const sections = [
    ...tags.map((tag) =>
      section(
        tag,
        calls.filter(({ operation }) => operation.tags[0] === tag).map((call) => callItem(call)),
      ),
    ),
    ...Object.values(socket.channels).map(({ address, description, messages }) =>
      section(`Socket.IO ${address}`, [
        `<p>${escaped(description)}</p>`,
        ...Object.entries(messages).map(([key, { name, summary, payload, examples }]) =>
          item(key.startsWith("server.") ? `server → ${name}` : `client → ${name}`, summary, [
            `<pre>${escaped(shape({ ...payload, title: "arguments" }))}</pre>`,
            ...examples.map((one) => example(one.payload)),
          ]),
        ),
      ]),
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Classwire</title>
<style>${STYLE}</style></head><body>
<h1>Classwire</h1>
<p class="note">Made from the schemas that the server checks with. For machines:
<a href="openapi.json">openapi.json</a>, <a href="asyncapi.json">asyncapi.json</a>.</p>
${sections.join("\n")}
</body></html>
`;
}

type Call = { path: string; method: string; operation: OpenApi["paths"][string][string] };

function callItem({ path, method, operation }: Call): string {
  const { summary, description, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"];
  const answers = Object.entries(responses).map(([status, response]) => {
    const [content] = Object.values(response.content ?? {});
    const shown = content === undefined || "$ref" in (content.schema as JsonSchema) ? "" : shaped(content);
    return `<p><b>${escaped(status)}</b> ${escaped(response.description)}</p>${shown}`;
  });
  return item(`${method.toUpperCase()} ${path}`, summary, [
    `<p class="note">${escaped(description)}</p>`,
    ...parameters.map(
      ({ name, in: place, schema }) => `<p><code>${escaped(name)}</code> (${place}) ${escaped(shape(schema))}</p>`,
    ),
    ...(body === undefined ? [] : [shaped(body)]),
    ...answers,
  ]);
}

/** The shape of a body, then how it looks in a usual case. */
function shaped(content: { schema: unknown; example?: unknown }): string {
  const pre = `<pre>${escaped(shape(content.schema as JsonSchema))}</pre>`;
  return content.example === undefined ? pre : `${pre}\n${example(content.example)}`;
}

function example(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 1).replace(/\n\s*/g, " ");
  return `<p class="note">for example</p><pre class="example">${escaped(text)}</pre>`;
}

function section(title: string, content: string[]): string {
  return `<h2>${escaped(title)}</h2>\n${content.join("\n")}`;
}

function item(name: string, summary: string, content: string[]): string {
  return `<details><summary><b>${escaped(name)}</b>${escaped(summary)}</summary>\n${content.join("\n")}\n</details>`;
}

/** A JSON Schema as people write shapes down. */
export function shape(schema: JsonSchema, indent = ""): string {
  const { type, properties, items, prefixItems, anyOf, allOf, enum: values } = schema as Record<string, never>;
  const inner = `${indent}  `;
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (Array.isArray(values)) return (values as unknown[]).map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map((one) => shape(one, indent)).join(" | ");
  if (Array.isArray(allOf)) return (allOf as JsonSchema[]).map((one) => shape(one, indent)).join(" & ");
  if (Array.isArray(prefixItems))
    return `[${(prefixItems as JsonSchema[]).map((one) => shape(one, indent)).join(", ")}]`;
  if (type === "array") return `${shape((items ?? {}) as JsonSchema, indent)}[]`;
  if (type === "object" && properties !== undefined) {
    const required = new Set((schema["required"] ?? []) as string[]);
    const lines = Object.entries(properties as Record<string, JsonSchema>).map(
      ([name, one]) => `${inner}${name}${required.has(name) ? "" : "?"}: ${shape(one, inner)}${bounds(one)}`,
    );
    return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${indent}}`;
  }
  return typeof type === "string" ? type : "any JSON";
}

function bounds({ minLength, maxLength, pattern, maximum, minimum, maxItems }: JsonSchema): string {
  const said = [
    pattern !== undefined ? `matches ${String(pattern)}` : undefined,
    maxLength !== undefined ? `${String(minLength ?? 0)}–${String(maxLength)} characters` : undefined,
    minimum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && maximum !== undefined
      ? `${String(minimum)}–${String(maximum)}`
      : undefined,
    maxItems !== undefined ? `at most ${String(maxItems)}` : undefined,
  ].filter((part) => part !== undefined);
  return said.length === 0 ? "" : `  (${said.join(", ")})`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
