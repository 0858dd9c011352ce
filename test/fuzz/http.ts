// HTTP requests that a hostile or broken client might send: calls of the API with mutated bodies, paths and headers, and packets of
// Socket.IO's polling transport.
import { API } from "../../src/contract/api.ts";
import type { CallRow } from "../../src/contract/calls.ts";
import type { Random } from "../support/random.ts";
import { signToken } from "../support/tokens.ts";
import { broken, text, value } from "./texts.ts";

const CALLS = Object.values<CallRow>(API);
const ROLES = ["service", "admin", "user"] as const;
const RECORD_SEPARATOR = "\x1e";

/** Tokens are made once: to sign one costs as much as ten frames. */
export interface Tokens {
  readonly byRole: Readonly<Record<(typeof ROLES)[number], string>>;
}

/** Makes them. */
export function makeTokens(): Tokens {
  const of = (role: string): string => signToken({ sub: "1", role }, { expiresIn: 24 * 3600 });
  return { byRole: { service: of("service"), admin: of("admin"), user: of("user") } };
}

/** One request as bytes. Its answer may end the connection. */
export function apiRequest(random: Random, tokens: Tokens): Buffer {
  const call = random.pick(CALLS);
  const example: unknown = call.example.body;
  const body = example === undefined && !random.oneIn(8) ? "" : bodyOf(example, random);
  const path = pathOf(call.path, random);
  const method = random.oneIn(20)
    ? random.pick(["DELETE", "PATCH", "OPTIONS", "HEAD", "GET"])
    : call.method.toUpperCase();
  return request(method, path, body, [...authorization(random, tokens), ...oddHeaders(random)]);
}

/** A POST of several packets to a polling session (or to none), separated as engine.io does. */
export function pollingRequest(sid: string, packets: number, random: Random): Buffer {
  const odd = (): string => (random.oneIn(3) ? text(random) : `42/channels,${text(random)}`);
  const one = (): string =>
    random.oneIn(12) ? random.pick(["2", "3", "6", "", "x", "b////", "1"]) : `4${odd().slice(1)}`;
  const body = Array.from({ length: packets }, () => (random.oneIn(2) ? one() : `4${odd()}`)).join(RECORD_SEPARATOR);
  return request("POST", pollingPath(random.oneIn(15) ? "nobody" : sid), body, [
    "Content-Type: text/plain;charset=UTF-8",
  ]);
}

/** The path of the polling transport. */
export function pollingPath(sid: string | undefined): string {
  return `/socket.io/?EIO=4&transport=polling${sid === undefined ? "" : `&sid=${sid}`}`;
}

/** A whole request; the body's length is as it should be. */
export function request(method: string, path: string, body: string, headers: readonly string[]): Buffer {
  const bytes = Buffer.from(body);
  const head = [`${method} ${path} HTTP/1.1`, "Host: localhost", ...headers, `Content-Length: ${bytes.length}`];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

function bodyOf(example: unknown, random: Random): string {
  if (random.oneIn(8)) return broken(random);
  if (random.oneIn(8)) return text(random);
  const mutated: unknown = mutate(example, random);
  return JSON.stringify(mutated) ?? "";
}

/** Leaves most of it as it is, so that what is behind the first check is reached too. */
function mutate(part: unknown, random: Random): unknown {
  if (random.oneIn(12)) return value(random);
  if (Array.isArray(part)) {
    const items = part.map((item) => mutate(item, random));
    return random.oneIn(8) ? Array.from({ length: random.below(40) }, () => items[0]) : items;
  }
  if (typeof part !== "object" || part === null) return part;
  const entries = Object.entries(part).flatMap(([name, inner]) =>
    random.oneIn(15) ? [] : [[random.oneIn(25) ? "__proto__" : name, mutate(inner, random)]],
  );
  if (random.oneIn(6)) entries.push([random.pick(["constructor", "toJSON", "then", "userId", "extra"]), value(random)]);
  return Object.fromEntries(entries);
}

function pathOf(pattern: string, random: Random): string {
  const odd = ["1", "a", "%00", "%", "..", "%2e%2e%2f", "x".repeat(300), "%F0%9F%A6%93", "rooms", "notifications"];
  const path = pattern.replace(/:\w+/g, () => random.pick(odd));
  const query = [
    "since=-1",
    "limit=1e9",
    "since[]=1",
    "since=1&since=2",
    "__proto__[x]=1",
    "token=bad",
    "%",
    "userId=1",
  ];
  return random.oneIn(4) ? `${path}?${random.pick(query)}` : path;
}

function authorization(random: Random, { byRole }: Tokens): string[] {
  switch (random.below(8)) {
    case 0:
      return [];
    case 1:
      return [`Authorization: ${random.pick(["Bearer", "Bearer bad", "Basic dTpw", "bearer  x", "Bearer a.b.c"])}`];
    default:
      return [`Authorization: Bearer ${byRole[random.pick(ROLES)]}`];
  }
}

function oddHeaders(random: Random): string[] {
  const all = [
    `Idempotency-Key: ${random.pick(["k", "", "x".repeat(300), "ü", `k-${random.below(1000)}`])}`,
    `Content-Type: ${random.pick(["application/json", "text/plain", "application/json; charset=utf-16", "multipart/form-data"])}`,
    `Origin: ${random.pick(["http://localhost", "null", "http://evil.example", "https://localhost:99999"])}`,
    `X-Forwarded-For: ${random.pick(["127.0.0.1", "::1", "not an address", "1,2,3"])}`,
    `Content-Encoding: ${random.pick(["gzip", "identity", "br", "x"])}`,
    `Cookie: ${"a=b; ".repeat(random.below(50))}`,
    `Expect: ${random.pick(["100-continue", "x"])}`,
    `Range: bytes=0-`,
  ];
  const json = random.oneIn(6) ? [] : ["Content-Type: application/json"];
  return random.oneIn(3) ? [...json, random.pick(all)] : json;
}
