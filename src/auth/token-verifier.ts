// Verifying tokens: whose a JWT is, or why it is refused.
import { createHash, createPublicKey, createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { z } from "zod";
import { Failure } from "../contract/errors.ts";
import { type Identity, roles, type VerifyToken } from "../contract/identity.ts";
import { userId as userIdText } from "../contract/ids.ts";

/** Longest token that is looked at, in bytes. */
const MAX_TOKEN_BYTES = 4096;
/** How many verified tokens are remembered, so that a reconnecting client costs no second signature check. */
const REMEMBERED = 10_000;

/** How tokens are verified. Exactly one key; its algorithms are pinned. */
export interface TokenSettings {
  key:
    | { readonly alg: "HS256"; readonly secret: string }
    | { readonly alg: readonly ("RS256" | "ES256")[]; readonly publicKey: string };
  issuer: string | undefined;
  audience: string | undefined;
}

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
 * Makes the check of tokens (RFC 7519). Claims: the user id is the first of `sub`, `user_id`, `userId`, `id`; `exp` is
 * required. Beyond what jsonwebtoken checks, tokens over 4 KB, unknown `crit` headers (RFC 7515, 4.1.11) and payloads
 * that are no object are refused.
 */
export function createTokenVerifier(settings: TokenSettings, now: () => number = Date.now): VerifyToken {
  const { key, issuer, audience } = settings;
  // Made once: jsonwebtoken would parse a string anew for each token, which costs ten times the signature.
  const material = key.alg === "HS256" ? createSecretKey(Buffer.from(key.secret)) : createPublicKey(key.publicKey);
  const options = {
    algorithms: key.alg === "HS256" ? ["HS256" as const] : [...key.alg],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    complete: true as const,
  };
  const remembered = new Map<string, Identity>();

  function check(token: string): Identity {
    try {
      const { header, payload } = jwt.verify(token, material, { ...options, clockTimestamp: now() / 1000 });
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
    let identity = remembered.get(digest);
    if (identity === undefined) {
      identity = check(token);
      const [oldest] = remembered.keys();
      if (remembered.size >= REMEMBERED && oldest !== undefined) remembered.delete(oldest);
      remembered.set(digest, identity);
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
