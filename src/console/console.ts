// The console page at `/`, and the development tokens that it works with.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RequestHandler, type Response, Router } from "express";
import { API } from "../contract/api.ts";
import type { CallRow } from "../contract/calls.ts";
import { Failure } from "../contract/errors.ts";
import { createLocalCheck } from "../http/access.ts";
import { checkHost } from "../http/host-check.ts";

/** The data of the page. */
export interface ConsoleData {
  /** Ready-made tokens; none outside of development. */
  tokens: readonly { label: string; userId: string; role: string; token: string }[];
  /** The server's URLs, such as `http://127.0.0.1:8080`. Called at each request, because a port 0 is known only later. */
  urls: () => readonly string[];
  /** Whether the node answers under the name in `Host`. */
  allowsHost: Parameters<typeof checkHost>[0];
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const JSON_TYPE = "application/json; charset=utf-8";

/** Nothing from other origins, nothing inline, no framing; `ws:` and `wss:` for browsers whose `'self'` does not include them. */
const HEADERS = {
  "Cache-Control": "no-cache",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Creates the router: `GET /` is the page, `GET /console/…` its scripts and styles, the Socket.IO client's bundle among them,
 * `GET /console/tokens.json` the data and `GET /console/calls.json` the calls of the API that change something, each with an
 * example. Files are read once, here; requests to other paths pass through.
 */
export function createConsole({ tokens, urls, allowsHost }: ConsoleData): Router {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const page = join(here, "page");
  const bundle = dirname(createRequire(import.meta.url).resolve("socket.io-client/dist/socket.io.js"));
  const router = Router();
  const isLocal = createLocalCheck();

  const serve = (path: string, handler: RequestHandler): void => void router.get(path, checkHost(allowsHost), handler);

  serve("/", file(join(here, "index.html")));
  for (const name of readdirSync(page)) serve(`/console/${name}`, file(join(page, name)));
  serve("/console/socket.io.esm.min.js", file(join(bundle, "socket.io.esm.min.js")));
  const calls = JSON.stringify({ calls: changingCalls() });
  serve("/console/calls.json", (_request, response) => send(response, JSON_TYPE, calls));
  serve("/console/tokens.json", (request, response) => {
    if (!isLocal(request)) throw new Failure("FORBIDDEN", "tokens are given to this machine only");
    send(response, JSON_TYPE, JSON.stringify({ tokens, urls: urls() }));
  });
  return router;
}

/** What the page needs to know of each call: its name, and the path and body of its example. */
function changingCalls(): { operationId: string; method: string; summary: string; path: string; body: unknown }[] {
  const rows: readonly CallRow[] = Object.values(API);
  return rows
    .filter(({ method, body }) => method !== "get" && body !== undefined)
    .map(({ operationId, method, summary, path, example }) => ({
      ...{ operationId, method, summary, body: example.body },
      path: path.replace(/:(\w+)/g, (_all, name: string) => encodeURIComponent(example.params?.[name] ?? "")),
    }));
}

function file(path: string): RequestHandler {
  const body = readFileSync(path);
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  return (_request, response) => send(response, type, body);
}

function send(response: Response, type: string, body: string | Buffer): void {
  response.set({ ...HEADERS, "Content-Type": type });
  response.end(body);
}
