// The OpenAPI 3.1 document, made from the rows of the calls.
import { z } from "zod";
import type { Access, CallRow } from "../../contract/calls.ts";
import { ERRORS, type ErrorCode } from "../../contract/errors.ts";
import { idempotencyKey } from "../../contract/operations.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";

/** An OpenAPI document, as far as the page of the documentation reads it. */
export interface OpenApi extends Record<string, unknown> {
  paths: Record<string, Record<string, Operation>>;
}

/** One call of the document. */
export interface Operation extends Record<string, unknown> {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters: { name: string; in: string; required: boolean; schema: JsonSchema; example?: unknown }[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown; example?: unknown }> }>;
}

const CALLERS: Record<Access, string> = {
  anyone: "Open to anyone.",
  loopback: "Open on the loopback address, elsewhere for the roles service and admin.",
  backend: "For the roles service and admin.",
  network: "For the roles service and admin; callers from trusted networks need no token.",
  self: "For the roles service and admin, and for a user about themselves.",
  "signed-in": "For the roles service and admin, and for users as described.",
};

const errorSchema = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERRORS)),
    message: z.string(),
    fields: z.record(z.string(), z.string()).optional(),
  }),
});

/** Creates the OpenAPI document from the rows of calls. */
export function openapi(rows: readonly CallRow[]): OpenApi {
  const paths: OpenApi["paths"] = {};
  for (const row of rows) {
    const path = row.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [row.method]: operation(row) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Classwire",
      version: "1",
      description: "The HTTP API. Errors have one shape and one table of codes.",
    },
    servers: [{ url: "/", description: "The node that this document came from" }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: { Error: jsonSchema(errorSchema, "output") },
    },
  };
}

function operation(row: CallRow): Operation {
  const { operationId, summary, tag, access, body, answer, example } = row;
  const security = { anyone: [], loopback: [{}, { token: [] }], network: [{}, { token: [] }] }[access as string];
  return {
    operationId,
    summary,
    description: CALLERS[access],
    tags: [tag],
    security: security ?? [{ token: [] }],
    parameters: [...pathParameters(row), ...queryParameters(row), ...headerParameters(row)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: jsonSchema(body, "input"), example: example.body } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries({ [answer.status]: answer.description, ...answer.also }).map(([status, description]) => [
          status,
          {
            description,
            content: {
              [answer.type ?? "application/json"]: {
                schema: jsonSchema(answer.schema, "output"),
                ...(status === String(answer.status) ? { example: example.answer } : {}),
              },
            },
          },
        ]),
      ),
      ...refusals(row),
    },
  };
}

function pathParameters({ path, params, example }: CallRow): Operation["parameters"] {
  const schemas = propertiesOf(params);
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: schemas[name] ?? { type: "string" },
    example: example.params?.[name],
  }));
}

function queryParameters({ query, example }: CallRow): Operation["parameters"] {
  return Object.entries(propertiesOf(query)).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema,
    example: example.query?.[name],
  }));
}

function headerParameters({ method }: CallRow): Operation["parameters"] {
  if (method !== "post") return [];
  return [{ name: "Idempotency-Key", in: "header", required: false, schema: jsonSchema(idempotencyKey, "input") }];
}

function propertiesOf(schema: z.ZodType | undefined): Record<string, JsonSchema> {
  if (schema === undefined) return {};
  return (jsonSchema(schema, "input")["properties"] ?? {}) as Record<string, JsonSchema>;
}

/** Every status that a refusal may have here, with the codes behind it. */
function refusals(row: CallRow): Operation["responses"] {
  const { access, method, params, query, body, fails = [], tag } = row;
  const codes = new Set<ErrorCode>(fails);
  if (access !== "anyone") for (const code of CODES_OF_TOKENS) codes.add(code);
  if (params !== undefined || query !== undefined || body !== undefined) codes.add("INVALID_MESSAGE");
  if (body !== undefined) codes.add("TOO_LARGE");
  if (method === "post") codes.add("CONFLICT");
  if (tag !== "Health") codes.add("SERVER_ERROR");
  const responses: Operation["responses"] = {};
  for (const code of codes) {
    const { status } = ERRORS[code];
    const others = responses[status]?.description;
    responses[status] = {
      description: others === undefined ? code : `${others}, ${code}`,
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
    };
  }
  return responses;
}

const CODES_OF_TOKENS = ["AUTH_FAILED", "INVALID_TOKEN", "TOKEN_EXPIRED", "FORBIDDEN", "RATE_LIMIT"] as const;
