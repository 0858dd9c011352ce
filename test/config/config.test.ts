// The settings: every variable's default and range, the rules between them, and .env.example against the schema.
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { ConfigError, loadConfig, readConfig, variables } from "../../src/config/config.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const POSTGRES = "postgres://classwire:hush@db.school.example:5432/classwire";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: typeof rsa.publicKey) => key.export({ type: "spki", format: "pem" }).toString();
const RSA = pem(rsa.publicKey);

/** The one-line message that these variables are refused with. */
function refusal(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain("\n");
    return error.message;
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`);
}

describe("defaults", () => {
  it("are those of one development node that nobody has set up", () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      mode: "development",
      production: false,
      host: "127.0.0.1",
      ports: [8080],
      auth: { secretGenerated: true, issuer: undefined, audience: undefined },
      database: { kind: "embedded", dir: resolve(".data") },
      redisUrl: undefined,
      origins: { kind: "same-origin", localhost: true },
      trustQueryUser: true,
      apiTrustedCidrs: [],
      console: true,
      transports: ["websocket", "polling"],
      workers: 1,
      logLevel: "info",
      retention: { days: 7, count: 1000 },
      keepAlive: { pingIntervalMs: 30_000, pongTimeoutMs: 30_000 },
      studyTimeoutMs: 60_000,
      drainDelayMs: 0,
    });
    expect(config.limits).toEqual({
      maxConnections: 10_000,
      maxMessageBytes: 524_288,
      maxBufferedBytes: 1_048_576,
      messagesPerSecond: 50,
      dashboardAttemptsPerMinute: 10,
      connectAttemptsPerMinute: 60,
      dashboardConnectionsPerUser: 1,
      channelsConnectionsPerUser: 5,
      gatewayConnectionsPerUser: 20,
      presenceListMax: 200,
      listenBacklog: 4096,
    });
  });

  it("in production open the address and close the conveniences", () => {
    expect(readConfig({ NODE_ENV: "production", JWT_SECRET: SECRET })).toMatchObject({
      production: true,
      host: "0.0.0.0",
      auth: { key: { alg: "HS256", secret: SECRET }, secretGenerated: false },
      origins: { kind: "same-origin", localhost: false },
      trustQueryUser: false,
      console: false,
    });
  });

  it("in production give way to what is asked for", () => {
    const asked = { HOST: "10.0.0.5", TRUST_QUERY_USER: "true", CONSOLE: "true", ALLOWED_ORIGINS: "*" };
    expect(readConfig({ NODE_ENV: "production", JWT_SECRET: SECRET, ...asked })).toMatchObject({
      host: "10.0.0.5",
      trustQueryUser: true,
      console: true,
      origins: { kind: "any" },
    });
  });

  it("generate a secret of their own at every start of a development node", () => {
    const [first, second] = [readConfig({}).auth.key, readConfig({}).auth.key];
    expect(first.alg === "HS256" && first.secret.length >= 43).toBe(true);
    expect(first).not.toEqual(second);
  });

  it("hold for empty and blank variables", () => {
    const empty = Object.fromEntries(Object.keys(variables).map((name, at) => [name, at % 2 === 0 ? "" : "  "]));
    expect({ ...readConfig(empty), auth: null }).toEqual({ ...readConfig({}), auth: null });
  });
});

describe("values", () => {
  it("come in the units that the code works in, frozen all the way down", () => {
    const config = readConfig({
      PORT: "8080, 3001,8087",
      DATABASE_URL: POSTGRES,
      REDIS_URL: "rediss://:pw@cache:6380/1",
      WORKERS: "max",
      TRANSPORTS: "websocket",
      ALLOWED_ORIGINS: "https://School.example:443/,capacitor://localhost,http://a.example:8000",
      HOST: "::",
      ALLOWED_HOSTS: "School.example., *.class.example,2001:DB8::7,10.0.0.7",
      API_TRUSTED_CIDRS: "10.0.0.0/8,::1/128,192.168.1.7",
      PING_INTERVAL_SECONDS: "5",
      STUDY_TIMEOUT_SECONDS: "2",
    });
    expect(config).toMatchObject({
      ports: [8080, 3001, 8087],
      database: { kind: "postgres", url: POSTGRES },
      redisUrl: "rediss://:pw@cache:6380/1",
      workers: availableParallelism(),
      transports: ["websocket"],
      origins: { kind: "list", origins: ["https://school.example", "capacitor://localhost", "http://a.example:8000"] },
      hosts: { kind: "list", names: ["[::]", "school.example", "*.class.example", "[2001:db8::7]", "10.0.0.7"] },
      apiTrustedCidrs: [
        { address: "10.0.0.0", prefix: 8, family: "ipv4" },
        { address: "::1", prefix: 128, family: "ipv6" },
        { address: "192.168.1.7", prefix: 32, family: "ipv4" },
      ],
      keepAlive: { pingIntervalMs: 5000 },
      studyTimeoutMs: 2000,
    });
    const parts: readonly unknown[] = [config, config.ports, config.limits, config.auth.key, config.apiTrustedCidrs[0]];
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it.each([
    ["memory:", { kind: "memory" }],
    ["postgresql://db/classwire", { kind: "postgres", url: "postgresql://db/classwire" }],
    ["postgres:///lessons?host=/run/postgresql", { kind: "postgres", url: "postgres:///lessons?host=/run/postgresql" }],
  ])("take %s as a database", (DATABASE_URL, database) => {
    expect(readConfig({ DATABASE_URL }).database).toEqual(database);
  });

  it.each([
    ["RS256", RSA],
    ["ES256", pem(ec.publicKey)],
    ["RS256", RSA.replaceAll("\n", "\\n")],
  ])("pin %s to a public key of its type", (alg, JWT_PUBLIC_KEY) => {
    const { auth } = readConfig({ NODE_ENV: "production", JWT_PUBLIC_KEY });
    expect(auth).toMatchObject({ key: { alg: [alg] }, secretGenerated: false });
    expect(auth.key).toHaveProperty("publicKey", JWT_PUBLIC_KEY.replaceAll("\\n", "\n").trim());
  });

  it("keep the blanks of a secret and lose those around anything else", () => {
    const config = readConfig({ JWT_SECRET: ` ${SECRET}\n`, JWT_ISSUER: " school ", LOG_LEVEL: "warn " });
    expect(config).toMatchObject({ auth: { key: { secret: ` ${SECRET}\n` }, issuer: "school" }, logLevel: "warn" });
  });

  it.each(["0,0", "65535", "1"])("take the ports %s", (PORT) => {
    expect(readConfig({ PORT }).ports).toEqual(PORT.split(",").map(Number));
  });

  it.each(["::", "0.0.0.0", "localhost", "node-1.school.example"])("take %s to bind to", (HOST) => {
    expect(readConfig({ HOST }).host).toBe(HOST);
  });
});

describe("a bad value stops the start with one line", () => {
  const whole = Object.entries(variables).filter(([name]) =>
    /^MAX_|_PER_|(?<!DELAY)_SECONDS$|_RETENTION_|^MESSAGES/.test(name),
  );

  it("for every number", () => {
    expect(whole).toHaveLength(14);
    for (const [name] of whole)
      for (const value of ["0", "-1", "1.5", "1e3", "0x10", "ten", "99999999999", "9".repeat(400)]) {
        const line = refusal({ [name]: value });
        expect(line).toMatch(
          new RegExp(`^${name} is "${value.slice(0, 20)}.*"; allowed: a whole number from \\d+ to \\d+$`),
        );
        expect(line.length).toBeLessThan(250);
      }
  });

  it.each([
    ["NODE_ENV", ["staging", "Production"], "one of development, production, test"],
    ["DRAIN_DELAY_SECONDS", ["7", "-1", "1.5", "off"], "a whole number from 0 to 6"],
    ["HOST", ["a b", "999.1.1.1", "http://x"], "an IP address or a host name"],
    [
      "PORT",
      ["80x", "65536", "-1", "8080,8080", "8080,", "1.5"],
      "whole numbers from 0 to 65535, separated by commas, each once",
    ],
    [
      "DATABASE_URL",
      ["mysql://db/x", "postgres", "memory", "postgres://"],
      "postgres://user:password@host:port/database (a % in them is written %25), or memory:",
    ],
    [
      "REDIS_URL",
      ["http://cache", "cache:6379", "redis://"],
      "redis://host:port or rediss://host:port (a % in a name or password is written %25)",
    ],
    [
      "ALLOWED_ORIGINS",
      [
        "school.example",
        "https://a.example/path",
        "null",
        "https://a.example,,",
        "*,https://a.example",
        "https://a.example,https://A.example/",
      ],
      "* or origins such as https://example.org, separated by commas, each once",
    ],
    [
      "ALLOWED_HOSTS",
      [
        "school.example:8080",
        "https://school.example",
        "*.",
        "a.*.example",
        "*,a.example",
        "a.example,A.example.",
        "a,,b",
        "a b",
      ],
      "* or host names such as school.example or *.school.example, separated by commas, each once",
    ],
    ["TRUST_QUERY_USER", ["yes", "1", "True"], "true or false"],
    ["CONSOLE", ["on"], "true or false"],
    [
      "API_TRUSTED_CIDRS",
      ["10.0.0.0/33", "::1/129", "10.0.0/8", "10.0.0.0/8/8", "10.0.0.0/", "fe80::1%eth0", "::1,::1"],
      "networks such as 10.0.0.0/8 or ::1/128, separated by commas, each once",
    ],
    [
      "TRANSPORTS",
      ["webtransport", "websocket,websocket", "websocket;polling"],
      "websocket, polling or both, separated by a comma",
    ],
    ["WORKERS", ["0", "257", "all", "1.5"], "a whole number from 1 to 256, or max"],
    ["LOG_LEVEL", ["verbose", "INFO"], "one of trace, debug, info, warn, error, fatal, silent"],
  ])("for %s", (name, values, allowed) => {
    for (const value of values)
      expect(refusal({ [name]: value })).toBe(`${name} is ${JSON.stringify(value)}; allowed: ${allowed}`);
  });

  it("that names all of them when there are several", () => {
    expect(refusal({ PORT: "x", LOG_LEVEL: "loud" })).toMatch(
      /^PORT is "x"; allowed: .*; LOG_LEVEL is "loud"; allowed: .*$/,
    );
  });

  it("that is short and single even for a long value of many lines", () => {
    expect(refusal({ PORT: "80\n".repeat(5000) }).length).toBeLessThan(250);
  });

  it.each([
    ["DATABASE_URL", "mysql://user:hush@db/x"],
    ["DATABASE_URL", "postgres//user:hu@hush@db/x"],
    ["DATABASE_URL", "user:hush@db"],
    ["REDIS_URL", "http://:hush@cache?password=hush&sslPassword=hush"],
    ["JWT_SECRET", "-----BEGIN hush-----"],
    ["JWT_PUBLIC_KEY", "hush"],
  ])("without the secret in %s=%s", (name, value) => {
    const line = refusal({ [name]: value });
    expect(line).toContain(`${name} is "`);
    expect(line).toContain("***");
    expect(line).not.toContain("hush");
  });

  it.each([
    ["a private key", rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
    ["a short RSA key", pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)],
    ["another curve", pem(generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey)],
    ["another algorithm", pem(generateKeyPairSync("ed25519").publicKey)],
    ["no key at all", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"],
  ])("for %s as the public key", (_, JWT_PUBLIC_KEY) => {
    expect(refusal({ JWT_PUBLIC_KEY })).toBe(
      'JWT_PUBLIC_KEY is "***"; allowed: a PEM public key: RSA of at least 2048 bits (RS256) or EC P-256 (ES256)',
    );
  });
});

describe("rules between variables", () => {
  it("allow a secret or a public key, never both", () => {
    expect(refusal({ JWT_SECRET: SECRET, JWT_PUBLIC_KEY: RSA })).toMatch(/^JWT_PUBLIC_KEY is .*never both$/);
  });

  it.each([
    [{}, "not set"],
    [{ JWT_SECRET: "x".repeat(31) }, '"***"'],
    [{ JWT_SECRET: " " }, "not set"],
  ])("want a key in production that cannot be guessed (%o)", (env, value) => {
    expect(refusal({ NODE_ENV: "production", ...env })).toBe(
      `JWT_SECRET is ${value}; allowed: at least 32 bytes in production, or JWT_PUBLIC_KEY instead`,
    );
  });

  it("count the secret in bytes, and take a short one in development", () => {
    expect(readConfig({ NODE_ENV: "production", JWT_SECRET: "密".repeat(11) }).production).toBe(true);
    expect(readConfig({ JWT_SECRET: "short" }).auth.key).toEqual({ alg: "HS256", secret: "short" });
  });

  it.each([{}, { DATABASE_URL: "memory:" }])("refuse Redis without a PostgreSQL server (%o)", (env) => {
    expect(refusal({ REDIS_URL: "redis://:hush@cache", ...env })).toMatch(
      /^REDIS_URL is "redis:\/\/\*\*\*@cache"; allowed: only with DATABASE_URL=postgres:/,
    );
  });

  it.each(["2", "256"])("refuse %s workers without Redis", (WORKERS) => {
    expect(refusal({ WORKERS, DATABASE_URL: POSTGRES })).toBe(
      `WORKERS is "${WORKERS}"; allowed: more than one only with REDIS_URL`,
    );
    expect(readConfig({ WORKERS, DATABASE_URL: POSTGRES, REDIS_URL: "redis://cache" }).workers).toBe(Number(WORKERS));
  });
});

it("a % in a password that is no percent-encoding is refused at the start, not when it is used", () => {
  const hint = /allowed: .*\(a % in (a name or password|them) is written %25\)/;
  expect(refusal({ REDIS_URL: "redis://:50%@cache", DATABASE_URL: POSTGRES })).toMatch(hint);
  expect(refusal({ DATABASE_URL: "postgres://me:50%@db/x" })).toMatch(hint);
  expect(readConfig({ REDIS_URL: "redis://:50%25@cache", DATABASE_URL: POSTGRES }).redisUrl).toBe(
    "redis://:50%25@cache",
  );
});

describe(".env.example", () => {
  const text = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
  const example = parseEnv(text) as Record<string, string>;

  it("lists exactly the variables that are read, each once", () => {
    const names = text.match(/^[A-Z_]+(?==)/gm) ?? [];
    expect([...names].sort()).toEqual(Object.keys(variables).sort());
  });

  it("gives each the default that the schema has", () => {
    const defaults = Object.entries(variables).map(([name, schema]) => [
      name,
      schema instanceof z.ZodPrefault ? schema.def.defaultValue : "",
    ]);
    expect(example).toEqual(Object.fromEntries(defaults));
  });

  it("changes nothing when it is copied as it stands", () => {
    expect({ ...readConfig(example), auth: null }).toEqual({ ...readConfig({}), auth: null });
  });
});

describe("loadConfig", () => {
  /** Runs in a new empty directory, with these files, and puts environment and directory back afterwards. */
  function inDirectory(files: Record<string, string>, env: Record<string, string>): void {
    const [before, dir, saved] = [process.cwd(), mkdtempSync(join(tmpdir(), "classwire-config-")), { ...process.env }];
    onTestFinished(() => {
      process.chdir(before);
      rmSync(dir, { recursive: true });
      for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
      Object.assign(process.env, saved);
    });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    process.chdir(dir);
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, env);
  }

  it("reads the environment, and .env for what that leaves open", () => {
    inDirectory({ ".env": "PORT=9001\nMAX_CONNECTIONS=7\n" }, { PORT: "9002" });
    expect(loadConfig()).toMatchObject({ ports: [9002], limits: { maxConnections: 7, messagesPerSecond: 50 } });
  });

  it("does without a .env", () => {
    inDirectory({}, { LOG_LEVEL: "error" });
    expect(loadConfig()).toMatchObject({ logLevel: "error", ports: [8080] });
  });
});
