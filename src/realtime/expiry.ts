// Tokens that end during a connection, and those that are renewed in time.
import { CLOSE } from "../contract/connection.ts";
import { Failure } from "../contract/errors.ts";
import { type Identity, refreshToken, type VerifyToken } from "../contract/identity.ts";
import { closeSocket } from "./closing.ts";
import { emitError } from "./errors.ts";
import { type Action, action } from "./handler.ts";
import type { AnySocket } from "./types.ts";

/** setTimeout takes no more; longer waits are taken in steps. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Closes the socket with `TOKEN_EXPIRED` when its token ends, and returns the action `refresh_token`, which replaces the
 * token by a newer one of the same user.
 */
export function watchExpiry(socket: AnySocket, verify: VerifyToken, notRevoked: (identity: Identity) => void): Action {
  const { admission } = socket.data;
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    clearTimeout(timer);
    const expiresAt = admission.identity?.expiresAt;
    if (expiresAt === undefined) return;
    const left = expiresAt - Date.now();
    if (left > 0) timer = setTimeout(arm, Math.min(left, LONGEST_TIMER_MS));
    else expire(socket);
  }

  arm();
  socket.once("disconnect", () => clearTimeout(timer));
  return action(refreshToken, ({ token }) => {
    const renewed = verify(token);
    notRevoked(renewed);
    if (renewed.id !== admission.identity?.id) throw new Failure("AUTH_FAILED", "the token is another user's");
    admission.identity = renewed;
    arm();
    return {};
  });
}

function expire(socket: AnySocket): void {
  const { body } = new Failure("TOKEN_EXPIRED");
  emitError(socket, body);
  closeSocket(socket, { code: CLOSE.policy, reason: body.message });
}
