// The routes of the documentation, all three made from the schemas that the server itself checks with.
import { createHash } from "node:crypto";
import { z } from "zod";
import { asyncapi } from "../docs/asyncapi.ts";
import { openapi } from "../docs/openapi.ts";
import { page, STYLE } from "../docs/page.ts";
import { Reply } from "../reply.ts";
import { type Route, route } from "../route.ts";

/** Makes them. @param routes all other routes; these document themselves too */
export function docsRoutes(routes: readonly Route[]): Route[] {
  const document = z.record(z.string(), z.unknown());
  const all = (): Route[] => [...routes, ...own];
  const style = createHash("sha256").update(STYLE).digest("base64");
  const own: Route[] = [
    route({
      method: "get",
      path: "/openapi.json",
      tag: "Documentation",
      summary: "This API as OpenAPI 3.1",
      access: "anyone",
      answer: { status: 200, description: "An OpenAPI document", schema: document },
      handle: async () => openapi(all()),
    }),
    route({
      method: "get",
      path: "/asyncapi.json",
      tag: "Documentation",
      summary: "The Socket.IO namespaces as AsyncAPI 3.0",
      access: "anyone",
      answer: { status: 200, description: "An AsyncAPI document", schema: document },
      handle: async () => asyncapi(),
    }),
    route({
      method: "get",
      path: "/docs",
      tag: "Documentation",
      summary: "Both as a page to read",
      access: "anyone",
      answer: { status: 200, description: "HTML", schema: z.string(), type: "text/html; charset=utf-8" },
      handle: async () =>
        new Reply(200, page(openapi(all()), asyncapi()), {
          "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${style}'; frame-ancestors 'none'`,
        }),
    }),
  ];
  return own;
}
