// Where tokens come from: one at a time, remembered until shortly before they end.
import { ClasswireError, toClasswireError } from "./errors.ts";

/** A token and what it says of itself. */
export interface Token {
  text: string;
  user: string;
  /** Epoch milliseconds. */
  expiresAt: number;
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

/** Creates the tokens of a client. All of them must be of one user, the first one's. */
export function createTokens(source: TokenSource, now: () => number = Date.now): Tokens {
  let current: Token | undefined;
  let fetching: Promise<Token> | undefined;

  async function fetchOne(): Promise<Token> {
    let text: string;
    try {
      text = typeof source === "string" ? source : await source();
    } catch (error) {
      throw toClasswireError(error, "UNREACHABLE");
    }
    const token = readToken(text);
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

  return {
    async get() {
      const usable = current !== undefined && (typeof source === "string" || current.expiresAt - now() > TOO_CLOSE_MS);
      return usable && current !== undefined ? current : fetchShared();
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
 * Reads a JWT's claims (RFC 7519) without verifying it, which is the server's task: whose it is, and when it ends.
 * Throws `INVALID_TOKEN` for what the server would refuse anyway.
 */
export function readToken(text: string): Token {
  const claims = typeof text === "string" ? claimsOf(text) : undefined;
  const user = claims?.["sub"] ?? claims?.["user_id"] ?? claims?.["userId"] ?? claims?.["id"];
  const exp = claims?.["exp"];
  if ((typeof user !== "string" && typeof user !== "number") || typeof exp !== "number") {
    throw new ClasswireError("INVALID_TOKEN", "the token is not a JWT with a user id and an expiry");
  }
  return { text, user: String(user), expiresAt: exp * 1000 };
}

function claimsOf(text: string): Record<string, unknown> | undefined {
  try {
    const payload = (text.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // not base64 or not JSON: no token at all
  }
}
