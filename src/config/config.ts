// The settings, and the only reader of process.env: one schema names every variable, its default and its allowed values.
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import { loadEnvFile } from "./env-file.ts";
import type { Cidr, PublicKey } from "./fields.ts";
import * as fields from "./fields.ts";

/** The key that tokens are verified with. It pins the algorithm. */
export type VerificationKey = { readonly alg: "HS256"; readonly secret: string } | PublicKey;

/** How tokens are verified: with exactly one key, and by issuer (`iss`), audience (`aud`) and life where those are set. */
export interface TokenSettings {
  readonly key: VerificationKey;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** The longest life of a token, from `iat` to `exp`, in days. */
  readonly maxDays?: number | undefined;
}

/** The database: a PostgreSQL server, an embedded one in a directory, or an embedded one in memory. */
export type DatabaseConfig =
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "embedded"; readonly dir: string }
  | { readonly kind: "memory" };

/** Which browser origins may connect, see `ALLOWED_ORIGINS`. `same-origin` with `localhost` allows every localhost origin too. */
export type OriginRule =
  | { readonly kind: "any" }
  | { readonly kind: "list"; readonly origins: readonly string[] }
  | { readonly kind: "same-origin"; readonly localhost: boolean };

/** Under which host names the node answers, see `ALLOWED_HOSTS`. A list has the bind address, and this machine's names are added. */
export type HostRule = { readonly kind: "any" } | { readonly kind: "list"; readonly names: readonly string[] };

/** Every variable that the server reads, by name. `.env.example` lists the same ones with the same defaults. */
export const variables = {
  NODE_ENV: fields.oneOf("development", "production", "test").prefault("development"),
  HOST: fields.host().optional(),
  PORT: fields.ports().prefault("8080"),
  JWT_SECRET: fields.secret().optional(),
  JWT_PUBLIC_KEY: fields.publicKey().optional(),
  JWT_ISSUER: fields.text().optional(),
  JWT_AUDIENCE: fields.text().optional(),
  TOKEN_MAX_DAYS: fields.whole(1, 3650).optional(),
  DATABASE_URL: fields.databaseUrl().optional(),
  DATA_DIR: fields.text().prefault(".data"),
  REDIS_URL: fields.redisUrl().optional(),
  REDIS_PREFIX: fields.prefix().prefault("classwire"),
  ALLOWED_ORIGINS: fields.origins().optional(),
  ALLOWED_HOSTS: fields.hosts().optional(),
  TRUST_QUERY_USER: fields.flag().optional(),
  API_TRUSTED_CIDRS: fields.cidrs().optional(),
  MAX_CONNECTIONS: fields.whole(1, 1_000_000).prefault("10000"),
  LISTEN_BACKLOG: fields.whole(1, 65_535).prefault("4096"),
  MAX_MESSAGE_BYTES: fields.whole(1024, 104_857_600).prefault("524288"),
  DASHBOARD_ATTEMPTS_PER_MINUTE: fields.whole(1, 1_000_000).prefault("10"),
  CONNECT_ATTEMPTS_PER_MINUTE: fields.whole(1, 1_000_000).prefault("60"),
  DASHBOARD_CONNECTIONS_PER_USER: fields.whole(1, 10_000).prefault("1"),
  CHANNELS_CONNECTIONS_PER_USER: fields.whole(1, 10_000).prefault("5"),
  GATEWAY_CONNECTIONS_PER_USER: fields.whole(1, 10_000).prefault("20"),
  MESSAGES_PER_SECOND: fields.whole(1, 1_000_000).prefault("50"),
  MAX_BUFFERED_BYTES: fields.whole(16_384, 1_073_741_824).prefault("1048576"),
  PRESENCE_LIST_MAX: fields.whole(0, 10_000).prefault("200"),
  PING_INTERVAL_SECONDS: fields.whole(1, 3600).prefault("30"),
  PONG_TIMEOUT_SECONDS: fields.whole(1, 3600).prefault("30"),
  STUDY_TIMEOUT_SECONDS: fields.whole(1, 86_400).prefault("60"),
  DRAIN_DELAY_SECONDS: fields.whole(0, 6).optional(),
  EVENT_RETENTION_DAYS: fields.whole(1, 3650).prefault("7"),
  EVENT_RETENTION_COUNT: fields.whole(1, 1_000_000).prefault("1000"),
  TRANSPORTS: fields
    .list(
      "websocket, polling or both, separated by a comma",
      (item) => (item === "websocket" || item === "polling" ? item : undefined),
      (transport) => transport,
    )
    .prefault("websocket,polling"),
  WORKERS: fields.workers(availableParallelism).prefault("1"),
  LOG_LEVEL: fields.oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent").prefault("info"),
  CONSOLE: fields.flag().optional(),
} as const;

type Variables = z.output<z.ZodObject<typeof variables>>;

const settings = z.object(variables).superRefine(checkCombinations).transform(toConfig);

/** Checks the rules between several variables. */
function checkCombinations(v: Variables, context: z.RefinementCtx): void {
  const refuse = (path: keyof Variables, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  if (v.JWT_SECRET !== undefined && v.JWT_PUBLIC_KEY !== undefined)
    refuse("JWT_PUBLIC_KEY", "JWT_SECRET or JWT_PUBLIC_KEY, never both");
  if (v.NODE_ENV === "production" && v.JWT_PUBLIC_KEY === undefined && Buffer.byteLength(v.JWT_SECRET ?? "") < 32)
    refuse("JWT_SECRET", "at least 32 bytes in production, or JWT_PUBLIC_KEY instead");
  if (v.REDIS_URL !== undefined && v.DATABASE_URL?.kind !== "postgres")
    refuse("REDIS_URL", "only with DATABASE_URL=postgres://… (two embedded databases would count offsets apart)");
  if (v.WORKERS > 1 && v.REDIS_URL === undefined) refuse("WORKERS", "more than one only with REDIS_URL");
}

/** Turns the variables into settings. */
function toConfig(v: Variables) {
  const production = v.NODE_ENV === "production";
  const host = v.HOST ?? (production ? "0.0.0.0" : "127.0.0.1");
  return {
    /** The kind of run. `production` turns every convenience of development off. */
    mode: v.NODE_ENV,
    production,
    /** The bind address. */
    host,
    /** Every port serves everything. 0 is any free port. */
    ports: v.PORT,
    auth: {
      key: v.JWT_PUBLIC_KEY ?? { alg: "HS256", secret: v.JWT_SECRET ?? randomSecret() },
      /** The secret is new with this start (development only): tokens of an earlier start are void. */
      secretGenerated: v.JWT_PUBLIC_KEY === undefined && v.JWT_SECRET === undefined,
      issuer: v.JWT_ISSUER,
      audience: v.JWT_AUDIENCE,
      maxDays: v.TOKEN_MAX_DAYS,
    } as TokenSettings & { readonly secretGenerated: boolean },
    database: (v.DATABASE_URL ?? { kind: "embedded", dir: resolve(v.DATA_DIR) }) as DatabaseConfig,
    /** Several nodes share this Redis; undefined is a single node. */
    redisUrl: v.REDIS_URL,
    /** What all keys and channels in Redis begin with. */
    redisPrefix: v.REDIS_PREFIX,
    origins: originRule(v.ALLOWED_ORIGINS, !production),
    hosts: hostRule(v.ALLOWED_HOSTS, host, production),
    /** study-time and messenger take a user id from the URL without a token. */
    trustQueryUser: v.TRUST_QUERY_USER ?? !production,
    /** Callers from these networks use `/api/ws/*` without a token. */
    apiTrustedCidrs: (v.API_TRUSTED_CIDRS ?? []) as readonly Cidr[],
    /** The console page is served at `/`. */
    console: v.CONSOLE ?? !production,
    transports: v.TRANSPORTS,
    /** Processes on this machine that share the ports. */
    workers: v.WORKERS,
    logLevel: v.LOG_LEVEL,
    /** What a channel keeps for recovery: the events that are within both bounds. */
    retention: { days: v.EVENT_RETENTION_DAYS, count: v.EVENT_RETENTION_COUNT },
    keepAlive: { pingIntervalMs: v.PING_INTERVAL_SECONDS * 1000, pongTimeoutMs: v.PONG_TIMEOUT_SECONDS * 1000 },
    /** study-time: a connection without a heartbeat for this long is closed. */
    studyTimeoutMs: v.STUDY_TIMEOUT_SECONDS * 1000,
    /** From the signal to the first closed connection: the time in which proxies see that the node is not ready. */
    drainDelayMs: (v.DRAIN_DELAY_SECONDS ?? (production ? 3 : 0)) * 1000,
    limits: {
      /** Connections of this node. */
      maxConnections: v.MAX_CONNECTIONS,
      /** Connections that the kernel holds for each port until they are accepted. */
      listenBacklog: v.LISTEN_BACKLOG,
      /** The largest inbound frame. */
      maxMessageBytes: v.MAX_MESSAGE_BYTES,
      /** Unsent bytes after which a slow connection is closed. */
      maxBufferedBytes: v.MAX_BUFFERED_BYTES,
      /** Inbound, per connection; the burst is twice as much. */
      messagesPerSecond: v.MESSAGES_PER_SECOND,
      dashboardAttemptsPerMinute: v.DASHBOARD_ATTEMPTS_PER_MINUTE,
      connectAttemptsPerMinute: v.CONNECT_ATTEMPTS_PER_MINUTE,
      dashboardConnectionsPerUser: v.DASHBOARD_CONNECTIONS_PER_USER,
      channelsConnectionsPerUser: v.CHANNELS_CONNECTIONS_PER_USER,
      gatewayConnectionsPerUser: v.GATEWAY_CONNECTIONS_PER_USER,
      /** Members up to which a room is told who comes and goes, and not only how many there are. */
      presenceListMax: v.PRESENCE_LIST_MAX,
    },
  };
}

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** All settings: checked, in the units of the code (milliseconds, bytes, lists), frozen. */
export type Config = Frozen<ReturnType<typeof toConfig>>;

/** Settings that cannot be used. The message is one line: each variable, its value (secrets masked) and its allowed values. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Checks the variables and turns them into settings. An empty variable counts as unset; unknown ones are ignored.
 * @throws ConfigError naming every bad variable in one line
 * @example
 * import { readConfig } from "classwire";
 *
 * const config = readConfig({ PORT: "3000", DATABASE_URL: "memory:", TRANSPORTS: "websocket" });
 * console.log(config.ports);
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.keys(variables).map((name) => [name, env[name]?.trim() === "" ? undefined : env[name]] as const);
  const result = settings.safeParse(Object.fromEntries(given.map(([name, value]) => [name, tidy(name, value)])));
  if (result.success) return freeze(result.data);
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name} is ${shown(name, env[name])}; allowed: ${issue.message}`;
  });
  throw new ConfigError(lines.join("; "));
}

/**
 * The settings of this process: its environment, and what it leaves open from a `.env` file in the working directory.
 * @throws ConfigError as `readConfig` does, and when the file cannot be read
 * @example
 * import { loadConfig } from "classwire";
 *
 * console.log(loadConfig().production);
 */
export function loadConfig(): Config {
  try {
    loadEnvFile(".env", process.env);
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
  return readConfig(process.env);
}

/** Removes blanks around a value, except around a secret, where they are part of it. */
function tidy(name: string, value: string | undefined): string | undefined {
  return name === "JWT_SECRET" ? value : value?.trim();
}

/** A value for an error line: short, on one line, without its secrets. */
function shown(name: string, value: string | undefined): string {
  if (value === undefined || value.trim() === "") return "not set";
  if (name === "JWT_SECRET" || name === "JWT_PUBLIC_KEY") return `"***"`; // a private key may be there by mistake
  const masked = value
    .replace(/^([a-z][a-z0-9+.-]*:)?(\/\/)?.*@/is, "$1$2***@")
    .replace(/([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*/gi, "$1***");
  return JSON.stringify(masked.length > 100 ? `${masked.slice(0, 99)}…` : masked);
}

function originRule(given: "any" | string[] | undefined, localhost: boolean): OriginRule {
  if (given === undefined) return { kind: "same-origin", localhost };
  return given === "any" ? { kind: "any" } : { kind: "list", origins: given };
}

/** Balancers in front of a production node call it by any name. */
function hostRule(given: "any" | string[] | undefined, host: string, production: boolean): HostRule {
  if (given === "any" || (given === undefined && production)) return { kind: "any" };
  return { kind: "list", names: [fields.hostNameOf(host) ?? host, ...(given ?? [])] };
}

function randomSecret(): string {
  return randomBytes(32).toString("base64url");
}

function freeze<T extends object>(value: T): Frozen<T> {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) freeze(part);
  return Object.freeze(value) as Frozen<T>;
}
