// Tokens for tests, good and bad ones, signed with keys that only tests know.
import { generateKeyPairSync } from "node:crypto";
import jwt from "jsonwebtoken";

/** The HS256 secret of every server that a test starts, unless the test says otherwise. */
export const TEST_SECRET = "a-secret-that-only-the-tests-know-0123456789";

/** What a token says; any other claim is allowed too, so that tests can make bad ones. */
export interface Claims {
  readonly sub?: string;
  readonly role?: string;
  readonly username?: string;
  readonly [claim: string]: unknown;
}

/** How a token is signed. */
export interface Signing {
  /** The HS256 secret, or the PEM private key of RS256 and ES256. */
  readonly key?: string;
  readonly alg?: "HS256" | "HS512" | "RS256" | "ES256" | "none";
  /** Seconds until it expires, negative for an expired one; null leaves `exp` out. An hour if nothing is said. */
  readonly expiresIn?: number | null;
  /** Further fields of the header, for example `crit`. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A signed token: for a user id, or with the claims as given. */
export function signToken(who: string | Claims, signing: Signing = {}): string {
  const { key = TEST_SECRET, alg = "HS256", expiresIn = 3600, header = {} } = signing;
  const now = Math.floor(Date.now() / 1000);
  const claims = { iat: now, ...(expiresIn === null ? {} : { exp: now + expiresIn }) };
  return jwt.sign({ ...claims, ...(typeof who === "string" ? { sub: who } : who) }, alg === "none" ? "" : key, {
    algorithm: alg,
    header: { ...header, alg },
  });
}

/** A new key pair in PEM: for RS256 or ES256. */
export function keyPair(alg: "RS256" | "ES256"): { publicKey: string; privateKey: string } {
  const publicKeyEncoding = { type: "spki", format: "pem" } as const;
  const privateKeyEncoding = { type: "pkcs8", format: "pem" } as const;
  return alg === "RS256"
    ? generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding })
    : generateKeyPairSync("ec", { namedCurve: "P-256", publicKeyEncoding, privateKeyEncoding });
}

/** Something that reads as a token with this payload, in JSON, but is not signed. */
export function unsignedToken(payload: string, encoding: "base64url" | "base64" = "base64url"): string {
  return `header.${Buffer.from(payload).toString(encoding)}.signature`;
}
