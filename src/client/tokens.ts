// Where tokens come from: one at a time, remembered until shortly before they end.
import { claimsOf } from "./claims.ts";
import { type Clock, deviceClock } from "./clock.ts";
import { ClasswireError, toClasswireError } from "./errors.ts";

/** A token and what it says of itself. */
export interface Token {
  text: string;
  user: string;
  /** When it ends, in milliseconds of the monotonic clock; undefined where only the server can tell. */
  endsAt: number | undefined;
}

/** The tokens of one user. */
export interface Tokens {
  /** A token that is not known to have ended. Rejects with `UNREACHABLE` when none can be had now. */
  get(): Promise<Token>;
  /** A token other than the one that was refused or is about to end; undefined when there is none. */
  renew(old: Token): Promise<Token | undefined>;
}

/** A token, or the function that fetches one. */
export type TokenSource = string | (() => string | Promise<string>);

/** A token so close to its end is renewed before it is used. */
const TOO_CLOSE_MS = 5000;

/** What tokens are read with. */
export interface ReadingTokens {
  /** Whose they are; unless given, their claims say. */
  user?: string | undefined;
  clock?: Clock;
}

/** Creates the tokens of a client. All of them must be of one user, the first one's. */
export function createTokens(source: TokenSource, reading: ReadingTokens = {}): Tokens {
  const { clock = deviceClock } = reading;
  let current: Token | undefined;
  let fetching: Promise<Token> | undefined;

  async function fetchOne(): Promise<Token> {
    let text: string;
    try {
      text = typeof source === "string" ? source : await source();
    } catch (error) {
      throw toClasswireError(error, "UNREACHABLE");
    }
    if (current !== undefined && text === current.text) return current; // its life began when it first came
    const token = readToken(text, reading);
    if (current !== undefined && token.user !== current.user) {
      throw new ClasswireError("AUTH_FAILED", "the new token is another user's: make a client of its own for them");
    }
    current = token;
    return token;
  }

  function fetchShared(): Promise<Token> {
    fetching ??= fetchOne().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  function isUsable({ endsAt }: Token): boolean {
    return typeof source === "string" || endsAt === undefined || endsAt - clock.monotonic() > TOO_CLOSE_MS;
  }

  return {
    async get() {
      return current !== undefined && isUsable(current) ? current : fetchShared();
    },
    async renew(old) {
      if (typeof source === "string") return undefined;
      // Another namespace may have renewed it meanwhile.
      const token = current !== undefined && current.text !== old.text ? current : await fetchShared();
      return token.text === old.text ? undefined : token;
    },
  };
}

/**
 * Reads a JWT's claims (RFC 7519) without verifying it, which is the server's task: whose it is, and when it ends. Throws
 * `INVALID_TOKEN` where they do not say whose it is, and nobody else does.
 */
export function readToken(text: string, { user, clock = deviceClock }: ReadingTokens = {}): Token {
  const claims = typeof text === "string" ? claimsOf(text) : undefined;
  const named = user ?? claims?.["sub"] ?? claims?.["user_id"] ?? claims?.["userId"] ?? claims?.["id"];
  if (typeof text !== "string" || (typeof named !== "string" && typeof named !== "number")) {
    throw new ClasswireError("INVALID_TOKEN", "the token is not a JWT with a user id");
  }
  return { text, user: String(named), endsAt: endOf(claims?.["exp"], claims?.["iat"], clock) };
}

/**
 * When a token that has just come ends. The device's clock may be hours from the server's, so it is the token's own life that
 * counts, from now on; the clock only where the token does not say when it was issued. What makes no sense by that is left
 * to the server.
 */
function endOf(exp: unknown, iat: unknown, { monotonic, wall }: Clock): number | undefined {
  if (typeof exp !== "number") return undefined;
  const lifeMs = typeof iat === "number" ? (exp - iat) * 1000 : exp * 1000 - wall();
  return lifeMs > 0 ? monotonic() + lifeMs : undefined;
}
