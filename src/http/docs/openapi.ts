// The OpenAPI 3.1 document, made from the routes.
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../contract/errors.ts";
import { idempotencyKey } from "../../contract/operations.ts";
import { parametersOf } from "../paths.ts";
import type { Access, Route } from "../route.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";

/** An OpenAPI document, as far as the page of the documentation reads it. */
export interface OpenApi extends Record<string, unknown> {
  paths: Record<string, Record<string, Operation>>;
}

/** One call of the document. */
export interface Operation extends Record<string, unknown> {
  summary: string;
  description: string;
  tags: string[];
  parameters: { name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
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

/** Makes the document. */
export function openapi(routes: readonly Route[]): OpenApi {
  const paths: OpenApi["paths"] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Classwire",
      version: "1",
      description: "The HTTP API. Errors have one shape and one table of codes.",
    },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: { Error: jsonSchema(errorSchema, "output") },
    },
  };
}

function operation(route: Route): Operation {
  const { summary, tag, access, body, answer } = route;
  const security = { anyone: [], loopback: [{}, { token: [] }], network: [{}, { token: [] }] }[access as string];
  return {
    summary,
    description: CALLERS[access],
    tags: [tag],
    security: security ?? [{ token: [] }],
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: jsonSchema(body, "input") } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries({ [answer.status]: answer.description, ...answer.also }).map(([status, description]) => [
          status,
          {
            description,
            content: { [answer.type ?? "application/json"]: { schema: jsonSchema(answer.schema, "output") } },
          },
        ]),
      ),
      ...refusals(route),
    },
  };
}

function pathParameters({ path, params }: Route): Operation["parameters"] {
  const schemas = propertiesOf(params);
  return parametersOf(path).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: schemas[name] ?? { type: "string" },
  }));
}

function queryParameters({ query }: Route): Operation["parameters"] {
  return Object.entries(propertiesOf(query)).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}

function headerParameters({ method }: Route): Operation["parameters"] {
  if (method !== "post") return [];
  return [{ name: "Idempotency-Key", in: "header", required: false, schema: jsonSchema(idempotencyKey, "input") }];
}

function propertiesOf(schema: z.ZodType | undefined): Record<string, JsonSchema> {
  if (schema === undefined) return {};
  return (jsonSchema(schema, "input")["properties"] ?? {}) as Record<string, JsonSchema>;
}

/** Every status that a refusal may have here, with the codes behind it. */
function refusals(route: Route): Operation["responses"] {
  const { access, method, params, query, body, fails = [], quiet } = route;
  const codes = new Set<ErrorCode>(fails);
  if (access !== "anyone") for (const code of CODES_OF_TOKENS) codes.add(code);
  if (params !== undefined || query !== undefined || body !== undefined) codes.add("INVALID_MESSAGE");
  if (body !== undefined) codes.add("TOO_LARGE");
  if (method === "post") codes.add("CONFLICT");
  if (!quiet) codes.add("SERVER_ERROR");
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
