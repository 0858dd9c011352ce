// The routes of the documentation, all three made from the schemas that the server itself checks with.
import { createHash } from "node:crypto";
import { operationCalls } from "../../contract/operations.ts";
import { asyncapi } from "../docs/asyncapi.ts";
import { openapi } from "../docs/openapi.ts";
import { page, STYLE } from "../docs/page.ts";
import { Reply, type Route, route } from "../route.ts";

/** Creates the routes of the documents. @param routes all other routes; these document themselves too */
export function docsRoutes(routes: readonly Route[]): Route[] {
  const all = (): Route[] => [...routes, ...own];
  const style = createHash("sha256").update(STYLE).digest("base64");
  const own: Route[] = [
    route(operationCalls.getOpenApi, { handle: async () => openapi(all().map(({ row }) => row)) }),
    route(operationCalls.getAsyncApi, { handle: async () => asyncapi() }),
    route(operationCalls.getDocs, {
      handle: async () =>
        new Reply(200, page(openapi(all().map(({ row }) => row)), asyncapi()), {
          "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${style}'; frame-ancestors 'none'`,
        }),
    }),
  ];
  return own;
}
