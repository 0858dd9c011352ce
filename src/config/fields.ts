// The kinds of environment variables: how text becomes a value, and what is allowed, which is the error message.
import { createPublicKey } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";

/** A network in CIDR notation, as `net.BlockList.addSubnet` takes it. A plain address is a network of one. */
export interface Cidr {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** A public key to verify tokens with. Its type pins the algorithm (RFC 7518: RS256 for RSA, ES256 for P-256). */
export interface PublicKey {
  readonly alg: readonly ["RS256"] | readonly ["ES256"];
  /** PEM. */
  readonly publicKey: string;
}

/** A value of `DATABASE_URL`: a PostgreSQL server, or the embedded database in memory. */
export type DatabaseUrl = { readonly kind: "postgres"; readonly url: string } | { readonly kind: "memory" };

/**
 * A variable that is read by `parse`, which returns undefined for text that is not allowed.
 * @param allowed the allowed values in words; it becomes the error message
 */
export function field<T>(allowed: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: allowed });
    return z.NEVER;
  });
}

/** Any text. */
export const text = () => field("any text", (value) => value);

/** `true` or `false`. */
export const flag = () =>
  field("true or false", (value) => (value === "true" ? true : value === "false" ? false : undefined));

/** One of the words. */
export function oneOf<const W extends string>(...words: readonly W[]) {
  return field(`one of ${words.join(", ")}`, (value) => words.find((word) => word === value));
}

/** A whole number from `min` to `max`, written in digits only. */
export function whole(min: number, max: number) {
  return field(`a whole number from ${min} to ${max}`, (value) => wholeNumber(value, min, max));
}

/** Items separated by commas, each read by `parse`; none empty, none twice (two with the same `key` are the same). */
export function list<T>(
  allowed: string,
  parse: (item: string) => T | undefined,
  key: (item: T, at: number) => unknown,
) {
  return field(allowed, (value) => {
    const items = value.split(",").map((item) => parse(item.trim()));
    const good = items.filter((item) => item !== undefined);
    return good.length === items.length && new Set(good.map(key)).size === items.length ? good : undefined;
  });
}

/** TCP ports. Port 0 (any free port) may be named several times. */
export const ports = () =>
  list(
    "whole numbers from 0 to 65535, separated by commas, each once",
    (item) => wholeNumber(item, 0, 65_535),
    (port, at) => (port === 0 ? -at : port),
  );

/** What names in Redis begin with: characters that mean nothing in patterns and scripts. */
export const prefix = () =>
  field("1 to 64 characters of A-Z a-z 0-9 _ - : .", (value) => (/^[\w:.-]{1,64}$/.test(value) ? value : undefined));

/** An address or a host name to listen on. */
export const host = () =>
  field("an IP address or a host name", (value) =>
    isIP(value) !== 0 || (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value) && !/^[\d.]+$/.test(value))
      ? value
      : undefined,
  );

/** A number of processes; `max` is one per core. */
export const workers = (cores: () => number) =>
  field("a whole number from 1 to 256, or max", (value) => (value === "max" ? cores() : wholeNumber(value, 1, 256)));

/** A Redis server, with or without TLS. */
export const redisUrl = () =>
  field("redis://host:port or rediss://host:port (a % in a name or password is written %25)", (value) =>
    isUrl(value, ["redis:", "rediss:"]) && isDecodable(value) ? value : undefined,
  );

/** Whether the user and password of a URL are percent-encoded as they must be. */
function isDecodable(value: string): boolean {
  const { username, password } = new URL(value);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** A PostgreSQL server, or `memory:` for the embedded database that keeps nothing. */
export const databaseUrl = () =>
  field(
    "postgres://user:password@host:port/database (a % in them is written %25), or memory:",
    (value): DatabaseUrl | undefined => {
      if (value === "memory:") return { kind: "memory" };
      const protocols = ["postgres:", "postgresql:"];
      const isServer = (isUrl(value, protocols) || isSocketUrl(value, protocols)) && isDecodable(value);
      return isServer ? { kind: "postgres", url: value } : undefined;
    },
  );

/** A shared secret. A PEM key is refused here: a public key used as an HS256 secret would let anyone sign. */
export const secret = () =>
  field("a shared secret (a PEM key belongs in JWT_PUBLIC_KEY)", (value) =>
    value.includes("-----BEGIN ") ? undefined : value,
  );

/** A PEM public key, its line ends written as such or as `\n`. A private key is refused: the server must not have it. */
export const publicKey = () =>
  field("a PEM public key: RSA of at least 2048 bits (RS256) or EC P-256 (ES256)", (value): PublicKey | undefined => {
    const pem = value.replaceAll("\\n", "\n").trim();
    const key = /PRIVATE KEY-----/.test(pem) ? undefined : keyOf(pem);
    const details = key?.asymmetricKeyDetails;
    if (key?.asymmetricKeyType === "rsa" && (details?.modulusLength ?? 0) >= 2048)
      return { alg: ["RS256"], publicKey: pem };
    if (key?.asymmetricKeyType === "ec" && details?.namedCurve === "prime256v1")
      return { alg: ["ES256"], publicKey: pem };
    return undefined;
  });

/** Origins as browsers send them (RFC 6454: scheme, host, port), or `*` for any. `null` is refused: any page can send it. */
export const origins = () =>
  field("* or origins such as https://example.org, separated by commas, each once", (value) => {
    if (value === "*") return "any";
    const found = value.split(",").map((item) => originOf(item.trim()));
    const good = found.filter((item) => item !== undefined);
    return good.length === found.length && new Set(good).size === good.length ? good : undefined;
  });

/** Names of this server as they stand in `Host` headers, without their ports; `*` for any, `*.` before a name for those below it. */
export const hosts = () =>
  field("* or host names such as school.example or *.school.example, separated by commas, each once", (value) => {
    if (value === "*") return "any";
    const found = value.split(",").map((item) => hostNameOf(item.trim()));
    const good = found.filter((item) => item !== undefined);
    return good.length === found.length && new Set(good).size === good.length ? good : undefined;
  });

/** A host name or an IP address in the spelling of URLs: lower case, no dot at its end, IPv6 in brackets. */
export function hostNameOf(value: string): string | undefined {
  const [, parent = "", name = ""] = /^(\*\.)?(.*)$/s.exec(value) ?? [];
  const plain = isIP(name) === 6 ? `[${name}]` : name;
  if (!/^(\[[\da-f:.]+\]|[^\s/?#@\\:*[\]]+)$/i.test(plain) || !URL.canParse(`http://${plain}`)) return undefined;
  return parent + new URL(`http://${plain}`).hostname.replace(/\.$/, "");
}

/** Networks in CIDR notation (RFC 4632, RFC 4291). */
export const cidrs = () =>
  list("networks such as 10.0.0.0/8 or ::1/128, separated by commas, each once", cidrOf, (cidr) =>
    JSON.stringify(cidr),
  );

function wholeNumber(value: string, min: number, max: number): number | undefined {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && protocols.includes(url.protocol) && url.hostname !== "";
}

/** A URL without a host, which is the directory of a socket in its query. */
function isSocketUrl(value: string, protocols: readonly string[]): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && protocols.includes(url.protocol) && (url.searchParams.get("host") ?? "").startsWith("/");
}

function keyOf(pem: string) {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined; // not a key: the field's message says what is allowed
  }
}

function originOf(value: string): string | undefined {
  const plain = value.replace(/\/$/, "").toLowerCase();
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(plain) || !URL.canParse(plain)) return undefined;
  const { origin } = new URL(plain);
  return origin === "null" ? plain : origin; // app schemes (capacitor://localhost) have no origin of their own in URL
}

function cidrOf(value: string): Cidr | undefined {
  const [address = "", bits, ...rest] = value.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  const longest = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : wholeNumber(bits, 0, longest);
  if (version === 0 || prefix === undefined || rest.length > 0) return undefined;
  return { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}
