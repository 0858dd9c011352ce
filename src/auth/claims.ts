// The claims of a token: whose it is, in which role and until when. A claim that is not used is not looked at.
import { Failure } from "../contract/errors.ts";
import { type Identity, type Role, roles } from "../contract/identity.ts";
import { userId } from "../contract/ids.ts";
import { numbersAsWritten } from "./numbers-as-written.ts";

/** By how much the clocks of issuer and server may differ, in milliseconds: `exp` and `nbf` are kept with this leeway. */
export const LEEWAY_MS = 5_000;

/** Digits that a number keeps whatever its spelling: fifteen, as IEEE 754 doubles do. */
const EXACT_DIGITS = 15;
const MAX_NAME_LENGTH = 256;
const MAX_TOKEN_ID_LENGTH = 256;
/** The claims that may hold the user's id; the first that is there counts. */
const USER_CLAIMS = ["sub", "user_id", "userId", "id"] as const;

/** A refusal of a token; only the log is told of the reason. */
export function invalidToken(reason: string): Failure {
  return new Failure("INVALID_TOKEN", undefined, { reason });
}

/**
 * Reads the claims of a token whose signature is good (RFC 7519). `null` counts as absent, an unknown `role` as `user`, and a
 * number as an id is taken as it is written. Its `exp` is not held against the clock, see {@link Identity.expiresAt}.
 * @param payload what `JSON.parse` makes of `text`
 * @throws Failure INVALID_TOKEN with the reason for the log
 */
export function identityOf(payload: unknown, text: string, now: number): Identity {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    throw invalidToken("the payload is no object");
  }
  const claims = payload as Readonly<Record<string, unknown>>;
  const written = createNumberReader(text);
  const exp = seconds(claims, "exp");
  if (exp === undefined) throw invalidToken("exp is missing");
  const nbf = seconds(claims, "nbf");
  if (nbf !== undefined && nbf * 1000 > now + LEEWAY_MS) throw invalidToken("nbf is in the future");
  const iat = seconds(claims, "iat");
  return Object.freeze({
    id: userOf(claims, written),
    name: nameIn(claims["username"]) ?? nameIn(claims["name"]),
    role: roleIn(claims["role"]),
    expiresAt: exp * 1000 + LEEWAY_MS,
    tokenId: tokenIdOf(claims, written),
    issuedAt: iat === undefined ? undefined : iat * 1000,
  });
}

type Claims = Readonly<Record<string, unknown>>;
type NumberReader = (claim: string) => string | undefined;

/** Reads the text only for a token that has a number where an id is looked for. */
function createNumberReader(text: string): NumberReader {
  let numbers: Map<string, string> | undefined;
  return (claim) => {
    numbers ??= numbersAsWritten(text);
    return numbers.get(claim);
  };
}

function userOf(claims: Claims, written: NumberReader): string {
  const claim = USER_CLAIMS.find((name) => claims[name] !== undefined && claims[name] !== null);
  if (claim === undefined) throw invalidToken(`none of ${USER_CLAIMS.join(", ")} is there`);
  const parsed = userId.safeParse(textOf(claims, claim, written));
  if (!parsed.success) throw invalidToken(`${claim} is no user id: 1 to 128 characters, or a number in digits`);
  return parsed.data;
}

function tokenIdOf(claims: Claims, written: NumberReader): string | undefined {
  if (claims["jti"] === undefined || claims["jti"] === null) return undefined;
  const tokenId = textOf(claims, "jti", written);
  if (tokenId === undefined || tokenId.length > MAX_TOKEN_ID_LENGTH) {
    throw invalidToken(`jti is no text of at most ${MAX_TOKEN_ID_LENGTH} characters`);
  }
  return tokenId;
}

/** A claim as text. Whole numbers in plain digits are taken as written, of any size; others where nothing is rounded. */
function textOf(claims: Claims, claim: string, written: NumberReader): string | undefined {
  const value = claims[claim];
  if (typeof value !== "number") return typeof value === "string" ? value : undefined;
  const literal = written(claim) ?? "";
  if (/^-?[1-9]\d*$/.test(literal)) return literal;
  const digits = literal.replace(/e.*/i, "").replace(/\D/g, "");
  return digits.length <= EXACT_DIGITS && Number.isFinite(value) ? String(value) : undefined;
}

/** A claim in seconds of the epoch (a NumericDate). */
function seconds(claims: Claims, claim: "exp" | "nbf" | "iat"): number | undefined {
  const value = claims[claim];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalidToken(`${claim} is no number`);
  return value;
}

function nameIn(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= MAX_NAME_LENGTH ? value : undefined;
}

function roleIn(value: unknown): Role {
  return roles.find((role) => role === value) ?? "user";
}
