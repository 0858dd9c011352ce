// Who a connection or a call belongs to, as the token says.
import { z } from "zod";

/** What a user may do. `service` and `admin` may publish and read everything. */
export const roles = ["user", "service", "admin"] as const;
/** @see roles */
export type Role = (typeof roles)[number];

/** An authenticated user. */
export interface Identity {
  id: string;
  name: string | undefined;
  role: Role;
  /** Until when the token is accepted, its leeway included, in epoch milliseconds; undefined where no token was needed. */
  expiresAt: number | undefined;
  /** The token's `jti` and issue time (epoch milliseconds), for revocation. */
  tokenId: string | undefined;
  issuedAt: number | undefined;
}

/** True for backends and administrators. */
export function isPrivileged(identity: Identity): boolean {
  return identity.role === "service" || identity.role === "admin";
}

/** A new token for a connection that goes on. */
export const refreshToken = z.object({ token: z.string().min(1).max(4096) });

/** Checks a token and says whose it is. Throws `INVALID_TOKEN` or `TOKEN_EXPIRED`; remembers tokens it has verified. */
export type VerifyToken = (token: string) => Identity;
