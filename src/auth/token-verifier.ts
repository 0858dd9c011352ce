// The verifier of tokens: which user a JWT identifies, or why it is refused.
import { createHash, createPublicKey, createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { z } from "zod";
import type { TokenSettings } from "../config/config.ts";
import { Failure } from "../contract/errors.ts";
import { type Identity, roles, type VerifyToken } from "../contract/identity.ts";
import { userId as userIdText } from "../contract/ids.ts";

/** The longest token that is verified, in bytes. */
const MAX_TOKEN_BYTES = 4096;
/** Verified tokens that are cached, so that a reconnecting client costs no second signature check. */
const CACHED_TOKENS = 10_000;

const idClaim = z.union([z.string(), z.number()]).transform(String).pipe(userIdText);
const claims = z.object({
  sub: idClaim.optional(),
  user_id: idClaim.optional(),
  userId: idClaim.optional(),
  id: idClaim.optional(),
  username: z.string().max(256).optional().catch(undefined),
  name: z.string().max(256).optional().catch(undefined),
  role: z.enum(roles).default("user"),
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().max(256).optional(),
});

/**
 * Creates the verifier of tokens (RFC 7519). The user id is the first of the claims `sub`, `user_id`, `userId`, `id`; `exp`
 * is required. Beyond what jsonwebtoken checks, tokens over 4 KB, unknown `crit` headers (RFC 7515, 4.1.11) and payloads
 * that are no object are refused. The verifier throws a Failure `INVALID_TOKEN` or `TOKEN_EXPIRED`.
 * @param now the clock, in epoch milliseconds
 */
export function createTokenVerifier(settings: TokenSettings, now: () => number = Date.now): VerifyToken {
  const { key, issuer, audience } = settings;
  // Created once: jsonwebtoken would parse a string again for each token, which costs ten times the signature.
  const keyObject = key.alg === "HS256" ? createSecretKey(Buffer.from(key.secret)) : createPublicKey(key.publicKey);
  const options = {
    algorithms: key.alg === "HS256" ? ["HS256" as const] : [...key.alg],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    complete: true as const,
  };
  const verified = new Map<string, Identity>();

  function check(token: string): Identity {
    try {
      const { header, payload } = jwt.verify(token, keyObject, { ...options, clockTimestamp: now() / 1000 });
      if ("crit" in header) throw new Failure("INVALID_TOKEN");
      return identityOf(payload);
    } catch (error) {
      if (error instanceof jwt.TokenExpiredError) throw new Failure("TOKEN_EXPIRED");
      throw new Failure("INVALID_TOKEN");
    }
  }

  return (token) => {
    if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) throw new Failure("INVALID_TOKEN");
    const digest = createHash("sha256").update(token).digest("base64");
    let identity = verified.get(digest);
    if (identity === undefined) {
      identity = check(token);
      const [oldest] = verified.keys();
      if (verified.size >= CACHED_TOKENS && oldest !== undefined) verified.delete(oldest);
      verified.set(digest, identity);
    }
    if (identity.expiresAt !== undefined && identity.expiresAt <= now()) throw new Failure("TOKEN_EXPIRED");
    return identity;
  };
}

function identityOf(payload: unknown): Identity {
  const parsed = claims.safeParse(payload);
  if (!parsed.success || Array.isArray(payload)) throw new Failure("INVALID_TOKEN");
  const { sub, user_id, userId, id, username, name, role, exp, iat, jti } = parsed.data;
  const user = sub ?? user_id ?? userId ?? id;
  if (user === undefined) throw new Failure("INVALID_TOKEN");
  return Object.freeze({
    id: user,
    name: username ?? name,
    role,
    expiresAt: exp * 1000,
    tokenId: jti,
    issuedAt: iat === undefined ? undefined : iat * 1000,
  });
}
