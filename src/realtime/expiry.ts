// Tokens that end during a connection, and those that are renewed in time.
import type { Logger } from "pino";
import { Failure, toFailure } from "../contract/errors.ts";
import type { Identity, VerifyToken } from "../contract/identity.ts";
import type { NotRevoked } from "./admission.ts";
import { closeWithError } from "./closing.ts";
import { logRefusedToken } from "./refusals.ts";
import type { AnySocket, TokenRenewal } from "./types.ts";

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
 * The tokens of one node's sockets. One timer, for the next of them to end, watches all: a timer for each is a list of its own in
 * Node, as no two have the same time left.
 */
export class TokenExpiry implements TokenRenewal {
  readonly #checks: TokenChecks;
  readonly #watched = new Set<AnySocket>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in epoch milliseconds. */
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(checks: TokenChecks) {
    this.#checks = checks;
  }

  /**
   * Closes the socket with `TOKEN_EXPIRED` when its token ends (with `INVALID_TOKEN` if it was revoked while it was being let
   * in), unless {@link refresh} has brought a newer one of the same user. To be told by {@link forget} when the socket goes.
   */
  watch(socket: AnySocket): void {
    const { data } = socket;
    data.tokens = this;
    const revoked = refusalOf(this.#checks.notRevoked, data.admission.identity);
    if (revoked === undefined) this.#await(socket);
    else closeWithError(socket, revoked);
  }

  /** The socket has gone. */
  forget(socket: AnySocket): void {
    this.#watched.delete(socket);
  }

  renew(socket: AnySocket, token: string): void {
    const { verify, notRevoked, logger } = this.#checks;
    const { admission } = socket.data;
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
    this.#await(socket);
  }

  /** It is in no message to another node. */
  toJSON(): undefined {
    return undefined;
  }

  #await(socket: AnySocket): void {
    const expiresAt = socket.data.admission.identity?.expiresAt;
    this.forget(socket);
    if (expiresAt === undefined || !socket.connected) return;
    this.#watched.add(socket);
    this.#arm(expiresAt);
  }

  #arm(expiresAt: number): void {
    if (expiresAt >= this.#firesAt) return;
    clearTimeout(this.#timer);
    this.#firesAt = expiresAt;
    const left = Math.max(0, expiresAt - Date.now());
    this.#timer = setTimeout(this.#check, Math.min(left, LONGEST_TIMER_MS)).unref();
  }

  /** Closes what has ended, and waits for the next. */
  readonly #check = (): void => {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const socket of this.#watched) {
      const expiresAt = socket.data.admission.identity?.expiresAt ?? Number.POSITIVE_INFINITY;
      if (expiresAt <= now) {
        this.forget(socket);
        closeWithError(socket, new Failure("TOKEN_EXPIRED"));
      } else next = Math.min(next, expiresAt);
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  };
}

/** The action `refresh_token` of every namespace. */
export function refresh({ token }: { token: string }, { socket }: { socket: AnySocket }): Record<string, never> {
  socket.data.tokens?.renew(socket, token);
  return {};
}
