// Admission: who may connect where, and which slot they take. The same for every transport.
import type { Rates } from "../cluster/rates.ts";
import type { Limits, RateLimit } from "../config/limits.ts";
import type { AdmissionRequest } from "../connection/admission-request.ts";
import type { ConnectionTraits } from "../connection/traits.ts";
import { Failure } from "../contract/errors.ts";
import type { Identity, VerifyToken } from "../contract/identity.ts";
import { courseId, isWholeNumberId, userId } from "../contract/ids.ts";
import type { Namespace } from "../contract/namespaces.ts";
import { invalidField, parse } from "../contract/parse.ts";
import type { ConnectionLimits, ConnectionSlot } from "./connection-limits.ts";

/** Lets connections in. Throws a `Failure` from the error table for those that may not. */
export type Admit = (request: AdmissionRequest) => Promise<Admission>;

/** Throws `INVALID_TOKEN` when the token behind an identity was revoked. */
export type NotRevoked = (identity: Identity) => void;

/** What admission decides with. */
export interface AdmissionDependencies {
  verify: VerifyToken;
  notRevoked: NotRevoked;
  rates: Rates;
  limits: Limits;
  connectionLimits: ConnectionLimits;
  /** A connection that lasts this long, in milliseconds, gives its attempt back. */
  attemptMs: number;
  /** The operator's `TRUST_QUERY_USER`. */
  trustQueryUser: boolean;
}

/** An attempt that counts, unless it is given back. */
class Attempt {
  readonly #rates: Rates;
  readonly #rule: RateLimit;
  readonly #key: string;
  /** Gives it back when the connection has lasted. */
  #timer: NodeJS.Timeout | undefined;

  constructor(rates: Rates, rule: RateLimit, key: string, lastsMs: number) {
    this.#rates = rates;
    this.#rule = rule;
    this.#key = key;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.giveBack();
    }, lastsMs).unref();
  }

  giveBack(): Promise<void> {
    return this.#rates.giveBack(this.#rule, this.#key);
  }

  /** It counts, if the connection has not lasted by now. */
  ended(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** A connection that was let in, with the slot it holds until `release`. It keeps nothing of the request that is secret. */
export class Admission {
  readonly namespace: Namespace;
  readonly traits: ConnectionTraits;
  /** The name in which its slots are held. */
  readonly connection: string;
  /** The user; a guest has none. A refreshed token replaces it. */
  identity: Identity | undefined;
  /** The id under which it is known: the user's, or for a guest the connection's. */
  readonly user: string;
  /** A user who was named in the query without a token, or a guest: hears what happens now, no backlog, no cursor. */
  readonly liveOnly: boolean;
  /** The course of a study-time connection. */
  readonly course: string | undefined;
  /** Whether it is the active one, and news of it. */
  readonly slot: ConnectionSlot;
  readonly #attempt: Attempt;

  constructor(request: AdmissionRequest, claim: Claim, slot: ConnectionSlot, attempt: Attempt) {
    this.namespace = request.namespace;
    this.traits = request.traits;
    this.connection = request.connection;
    this.identity = claim.identity;
    this.user = claim.user;
    this.liveOnly = claim.liveOnly;
    this.course = claim.course;
    this.slot = slot;
    this.#attempt = attempt;
  }

  /** Gives the slot back. May be called more than once. */
  release(): Promise<void> {
    this.#attempt.ended();
    return this.slot.release();
  }

  /** Gives the slot and the attempt back: the client has changed its mind before it was in. */
  async withdraw(): Promise<void> {
    await this.release();
    await this.#attempt.giveBack();
  }
}

interface Claim {
  identity: Identity | undefined;
  user: string;
  liveOnly: boolean;
  course: string | undefined;
}

/**
 * Creates the admission of one node. Order: identity, attempts, slot. An attempt that gets no slot does not count, and none
 * whose connection has lasted for a while: a phone that loses its network every two seconds is no client that storms.
 */
export function createAdmission(dependencies: AdmissionDependencies): Admit {
  const { rates, limits, connectionLimits, attemptMs } = dependencies;

  return async (request) => {
    const claim = await identify(request, dependencies);
    const rule = request.namespace === "/dashboard" ? limits.dashboardAttempts : limits.connectAttempts;
    const attempts = `${request.namespace}:${claim.user}`;
    const attempt = await rates.take(rule, attempts);
    if (!attempt.ok) {
      throw new Failure("RATE_LIMIT", `too many ${rule.what}`, { retryAfterMs: attempt.retryAfterMs });
    }
    try {
      const slot = await connectionLimits.take(request, claim.user, claim.course);
      return new Admission(request, claim, slot, new Attempt(rates, rule, attempts, attemptMs));
    } catch (error) {
      await rates.giveBack(rule, attempts);
      throw error;
    }
  };
}

async function identify(request: AdmissionRequest, dependencies: AdmissionDependencies): Promise<Claim> {
  const { query, auth, namespace } = request;
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) throw invalidField(name, "must be given once");
  }
  const named = one(query["userId"]) ?? one(query["user_id"]);
  const claim =
    request.token === undefined
      ? identifyByQuery(request, named, dependencies)
      : await identifyByToken(request, named, dependencies);
  if (namespace === "/dashboard" && !isWholeNumberId(claim.user)) {
    throw new Failure("AUTH_FAILED", "the dashboard wants a user id that is a whole number");
  }
  if (namespace !== "/study-time") return claim;
  const inAuth = auth["courseId"] ?? undefined;
  const given = typeof inAuth === "string" ? inAuth : (one(query["courseId"]) ?? inAuth);
  if (given === undefined || given === "") throw invalidField("courseId", "is required");
  return { ...claim, course: parse(courseId, given, "courseId") };
}

async function identifyByToken(
  request: AdmissionRequest,
  named: string | undefined,
  dependencies: AdmissionDependencies,
): Promise<Claim> {
  let identity: Identity;
  try {
    identity = dependencies.verify(request.token ?? "");
    dependencies.notRevoked(identity);
  } catch (error) {
    // An expired token is an honest one: its owner must learn that, and not that others behind this address had one too.
    if (!(error instanceof Failure) || error.code !== "INVALID_TOKEN") throw error;
    const attempt = await dependencies.rates.take(dependencies.limits.badTokens, request.address);
    if (attempt.ok) throw error;
    throw new Failure("RATE_LIMIT", "too many attempts with a bad token", { retryAfterMs: attempt.retryAfterMs });
  }
  // On messenger a token beats the id in the URL, as it did there; elsewhere the two must agree.
  if (named !== undefined && named !== identity.id && request.traits.speaks !== "messenger") {
    throw new Failure("AUTH_FAILED", "userId is not the token's user");
  }
  return { identity, user: identity.id, liveOnly: false, course: undefined };
}

function identifyByQuery(
  request: AdmissionRequest,
  named: string | undefined,
  dependencies: AdmissionDependencies,
): Claim {
  const { queryUser } = request.traits;
  if (!dependencies.trustQueryUser || queryUser === "never") throw new Failure("AUTH_FAILED");
  if (named === undefined || named === "") {
    if (queryUser !== "user-or-guest") throw new Failure("AUTH_FAILED");
    return { identity: undefined, user: request.connection, liveOnly: true, course: undefined };
  }
  if (!userId.safeParse(named).success) throw new Failure("AUTH_FAILED");
  const identity: Identity = {
    id: named,
    name: undefined,
    role: "user",
    expiresAt: undefined,
    tokenId: undefined,
    issuedAt: undefined,
  };
  return { identity, user: named, liveOnly: true, course: undefined };
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
