// The verifier of tokens: which user a JWT identifies, or why it is refused.
import { createHash, createPublicKey, createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import type { TokenSettings } from "../config/config.ts";
import { Failure } from "../contract/errors.ts";
import type { Identity, VerifyToken } from "../contract/identity.ts";
import { identityOf, invalidToken, LEEWAY_MS } from "./claims.ts";

/** The longest token that is verified, in bytes. */
const MAX_TOKEN_BYTES = 4096;
/** Verified tokens that are cached, so that a reconnecting client costs no second signature check. */
const CACHED_TOKENS = 10_000;
const DAY_MS = 86_400_000;

/**
 * Creates the verifier of tokens (RFC 7519). The user id is the first of the claims `sub`, `user_id`, `userId`, `id`; `exp`
 * is required. Beyond what jsonwebtoken checks, tokens over 4 KB, unknown `crit` headers (RFC 7515, 4.1.11) and payloads
 * that are no object are refused. The verifier throws a Failure `INVALID_TOKEN`, or `TOKEN_EXPIRED` for a token that is good
 * but for its end; its `reason` says which rule refused the token, and nothing of what is in it.
 * @param now the clock, in epoch milliseconds
 */
export function createTokenVerifier(settings: TokenSettings, now: () => number = Date.now): VerifyToken {
  const { key, issuer, audience, maxDays } = settings;
  // Created once: jsonwebtoken would parse a string again for each token, which costs ten times the signature.
  const keyObject = key.alg === "HS256" ? createSecretKey(Buffer.from(key.secret)) : createPublicKey(key.publicKey);
  const options = {
    algorithms: key.alg === "HS256" ? ["HS256" as const] : [...key.alg],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    // Times are checked with the other claims: jsonwebtoken refuses a `null`, and looks at the audience last.
    ignoreExpiration: true,
    ignoreNotBefore: true,
    complete: true as const,
  };
  const verified = new Map<string, Identity>();

  function check(token: string): Identity {
    const { header, payload } = verifySignature(() => jwt.verify(token, keyObject, options));
    if ("crit" in header) throw invalidToken("the header crit asks for what is not known here");
    const identity = identityOf(payload, Buffer.from(token.split(".")[1] ?? "", "base64url").toString(), now());
    if (maxDays !== undefined) checkLife(identity, maxDays);
    return identity;
  }

  return (token) => {
    if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) throw invalidToken(`it is over ${MAX_TOKEN_BYTES} bytes`);
    const digest = createHash("sha256").update(token).digest("base64");
    const known = verified.get(digest);
    const identity = known ?? check(token);
    if (identity.expiresAt !== undefined && identity.expiresAt <= now()) {
      throw new Failure("TOKEN_EXPIRED", undefined, { reason: "exp is in the past" });
    }
    if (known === undefined) {
      const [oldest] = verified.keys();
      if (verified.size >= CACHED_TOKENS && oldest !== undefined) verified.delete(oldest);
      verified.set(digest, identity);
    }
    return identity;
  };
}

/** Revocations are forgotten after the longest life of a token: one that lives longer would be good again then. */
function checkLife({ issuedAt, expiresAt = 0 }: Identity, maxDays: number): void {
  if (issuedAt === undefined) throw invalidToken("iat is missing, which TOKEN_MAX_DAYS asks for");
  if (expiresAt - LEEWAY_MS - issuedAt > maxDays * DAY_MS) throw invalidToken("it lives longer than TOKEN_MAX_DAYS");
}

/** What jsonwebtoken says of a token that it refuses, and how the log says it. */
const REASONS: readonly (readonly [start: string, reason: string])[] = [
  ["jwt signature is required", "it is not signed"],
  ["invalid algorithm", "its algorithm is not the key's"],
  ["invalid signature", "its signature does not match the key"],
  ["jwt audience invalid", "aud is not JWT_AUDIENCE"],
  ["jwt issuer invalid", "iss is not JWT_ISSUER"],
];

/** Whatever is thrown becomes a refusal. Errors of JSON.parse quote what they read, so that no message is passed on. */
function verifySignature(verify: () => jwt.Jwt): jwt.Jwt {
  try {
    return verify();
  } catch (error) {
    const message = error instanceof jwt.JsonWebTokenError ? error.message : "";
    throw invalidToken(REASONS.find(([start]) => message.startsWith(start))?.[1] ?? "it is no JWT");
  }
}
