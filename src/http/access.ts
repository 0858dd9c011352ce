// Who calls, and whether they may: tokens, roles, and the networks that need none.
import type { IncomingMessage } from "node:http";
import { createNetworkCheck, isForwarded, LOOPBACK } from "../auth/network.ts";
import type { Rates } from "../cluster/rates.ts";
import type { Cidr } from "../config/fields.ts";
import type { RateLimit } from "../config/limits.ts";
import { addressOf, bearerOf } from "../connection/request.ts";
import type { Access } from "../contract/calls.ts";
import { Failure } from "../contract/errors.ts";
import { type Identity, isPrivileged, type VerifyToken } from "../contract/identity.ts";

/** What the decision is made with. */
export interface AccessOptions {
  verify: VerifyToken;
  /** Throws `INVALID_TOKEN` for a token that was revoked. */
  notRevoked: (identity: Identity) => void;
  rates: Rates;
  /** Calls with a bad token, per address. */
  badTokens: RateLimit;
  trustedCidrs: readonly Cidr[];
}

/** Who calls, where that must be somebody: undefined where no token is needed. Throws a `Failure` for who may not. */
export type Identify = (access: Access, request: IncomingMessage) => Promise<Identity | undefined>;

/** Creates the check whether a request comes from this machine itself, and through no proxy. */
export function createLocalCheck(): (request: IncomingMessage) => boolean {
  const isLoopback = createNetworkCheck(LOOPBACK);
  return (request) => isLoopback(addressOf(request)) && !isForwarded(request);
}

/** Creates the check before a call's body is read. What the call is about is checked by {@link authorise}. */
export function createIdentify(options: AccessOptions): Identify {
  const isTrusted = createNetworkCheck(options.trustedCidrs);
  const isLocal = createLocalCheck();

  async function verify(token: string, address: string): Promise<Identity> {
    try {
      const identity = options.verify(token);
      options.notRevoked(identity);
      return identity;
    } catch (error) {
      // An expired token is an honest one: its owner must learn that, and not that there were too many.
      if (!(error instanceof Failure) || error.code !== "INVALID_TOKEN") throw error;
      const { ok, retryAfterMs } = await options.rates.take(options.badTokens, address);
      throw ok ? error : new Failure("RATE_LIMIT", "too many calls with a bad token", { retryAfterMs });
    }
  }

  /** A browser sends an `Origin`, and a page from anywhere could make it call: its network proves nothing. */
  const comesFromBackend = (request: IncomingMessage, address: string): boolean =>
    request.headers.origin === undefined && isTrusted(address);

  return async (access, request) => {
    const address = addressOf(request);
    if (access === "anyone" || (access === "loopback" && isLocal(request))) return undefined;
    const token = tokenOf(request);
    if (token === undefined) {
      if (access === "network" && comesFromBackend(request, address)) return undefined;
      throw new Failure("AUTH_FAILED", "a Bearer token is required");
    }
    const identity = await verify(token, address);
    checkRole(access, identity);
    return identity;
  };
}

/** Whether somebody may do this, to that user where it is about one. @throws Failure FORBIDDEN */
export function authorise(access: Access, identity: Identity | undefined, about: string | undefined): void {
  if (identity === undefined) return;
  checkRole(access, identity);
  if (access === "self" && !isPrivileged(identity) && identity.id !== about) {
    throw new Failure("FORBIDDEN", "this is another user's");
  }
}

function checkRole(access: Access, identity: Identity): void {
  if (access === "self" || access === "signed-in" || isPrivileged(identity)) return;
  throw new Failure("FORBIDDEN", "this is for the roles service and admin");
}

/** The token of a call; undefined where there is no `Authorization`. @throws Failure AUTH_FAILED for one of another form */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  const token = bearerOf(headers.authorization);
  if (headers.authorization !== undefined && token === undefined) {
    throw new Failure("AUTH_FAILED", "Authorization must be: Bearer <token>");
  }
  return token;
}
