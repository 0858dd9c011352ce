// Tokens that end during a connection, and those that are renewed in time.
import type { Logger } from "pino";
import { Failure, toFailure } from "../contract/errors.ts";
import type { Identity, VerifyToken } from "../contract/identity.ts";
import type { NotRevoked } from "./admission.ts";
import { closeWithError } from "./closing.ts";
import { logRefusedToken } from "./refusals.ts";
import type { AnySocket } from "./types.ts";

/** What tokens are checked with, and where refusals are logged. */
export interface TokenChecks {
  verify: VerifyToken;
  notRevoked: NotRevoked;
  logger: Logger;
}

/** setTimeout takes no more; longer waits are taken in steps. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Why an identity is refused now, if it is. */
export function refusalOf(check: NotRevoked, identity: Identity | undefined): Failure | undefined {
  try {
    if (identity !== undefined) check(identity);
    return undefined;
  } catch (error) {
    return toFailure(error);
  }
}

/**
 * Closes the socket with `TOKEN_EXPIRED` when its token ends (with `INVALID_TOKEN` if it was revoked while it was being let
 * in), unless {@link refresh} has brought a newer one of the same user.
 */
export function watchExpiry(socket: AnySocket, { verify, notRevoked, logger }: TokenChecks): void {
  const { admission } = socket.data;
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    clearTimeout(timer);
    const expiresAt = admission.identity?.expiresAt;
    if (expiresAt === undefined || !socket.connected) return;
    const left = expiresAt - Date.now();
    if (left > 0) timer = setTimeout(arm, Math.min(left, LONGEST_TIMER_MS));
    else closeWithError(socket, new Failure("TOKEN_EXPIRED"));
  }

  const revoked = refusalOf(notRevoked, admission.identity);
  if (revoked === undefined) arm();
  else closeWithError(socket, revoked);
  socket.once("disconnect", () => clearTimeout(timer));
  socket.data.renew = (token) => {
    let renewed: Identity;
    try {
      renewed = verify(token);
      notRevoked(renewed);
    } catch (error) {
      logRefusedToken(logger, socket.nsp.name, toFailure(error));
      throw error;
    }
    if (renewed.id !== admission.identity?.id) throw new Failure("AUTH_FAILED", "the token is another user's");
    admission.identity = renewed;
    arm();
  };
}

/** The action `refresh_token` of every namespace. */
export function refresh({ token }: { token: string }, { socket }: { socket: AnySocket }): Record<string, never> {
  socket.data.renew?.(token);
  return {};
}
