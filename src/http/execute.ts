// Executing a call, the same for one that came over HTTP and for one of a batch; whatever is thrown becomes a reply here.
import { ERRORS, Failure, toFailure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import { invalidField } from "../contract/parse.ts";
import type { Idempotency } from "../services/idempotency.ts";
import { isUnavailable } from "../store/errors.ts";
import { authorise } from "./access.ts";
import { type Accepted, type Parts, Reply, type Route } from "./route.ts";

/** A call to a route, by somebody who may call it. */
export interface Incoming extends Parts {
  readonly identity: Identity | undefined;
  /** The caller's own key for this call. */
  readonly idempotencyKey: string | undefined;
  /** Names the call's events where there is no such key, as in a batch that has one as a whole. */
  readonly eventKey?: string | undefined;
  /** Holds the work back until its order allows it. */
  readonly inOrder?: (accepted: Accepted, work: () => Promise<Reply>) => Promise<Reply>;
}

/** Checks the parts, the right to do this, and the key; then does it. Throws what {@link replyOf} makes a reply of. */
export type Execute = (route: Route, incoming: Incoming) => Promise<Reply>;

/** Creates the function that executes calls, each once per idempotency key. */
export function createExecute(idempotency: Idempotency): Execute {
  return async (route, incoming) => {
    const { identity, idempotencyKey: key, inOrder = (_accepted, work) => work() } = incoming;
    const accepted = route.accept(incoming);
    authorise(route.row.access, identity, accepted.about);
    const run = (eventKey: string | undefined) => inOrder(accepted, () => accepted.run(identity, eventKey));
    if (key === undefined || route.row.method !== "post") return run(incoming.eventKey);

    const request = { caller: nameOf(identity), path: accepted.path, key, body: accepted.body };
    const first: { reply?: Reply } = {};
    const kept = await idempotency.run(request, async (eventKey) => {
      first.reply = await run(eventKey).catch(refusalOf);
      const { status, body, keep } = first.reply;
      return { status, body, keep };
    });
    return first.reply ?? new Reply(kept.status, kept.body, { "Idempotent-Replayed": "true" });
  };
}

/** Whose idempotency keys are the same: a user's, or those of the trusted network as a whole. */
function nameOf(identity: Identity | undefined): string {
  return identity === undefined ? "network" : `user:${identity.id}`;
}

/** A refusal of the work is an answer like any other, and kept; a fault of ours is not. */
function refusalOf(error: unknown): Reply {
  if (error instanceof Failure && ERRORS[error.code].status < 500) return replyOf(error);
  throw error;
}

/** When a caller should try again while the database is away, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/** What the body parser and the router throw (http-errors): a status, and for bodies what was wrong. */
interface HttpError {
  status: number;
  type?: unknown;
  message: string;
}

/** Any thrown value as a failure: what the caller may know of it, and nothing of what is inside the server. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isUnavailable(error)) return new Failure("SERVER_ERROR", undefined, { retryAfterMs: RETRY_AFTER_MS });
  if (!isHttpError(error) || error.status >= 500) return toFailure(error);
  if (error.status === 413) return new Failure("TOO_LARGE");
  return error instanceof URIError
    ? invalidField("path", "must be valid percent-encoding")
    : invalidField("body", bodyProblem(error));
}

/** What is wrong with a body, by the parser's type of error. */
const BODY_PROBLEMS: Readonly<Record<string, string>> = {
  "charset.unsupported": "must be in UTF-8",
  "encoding.unsupported": "must have no Content-Encoding but gzip, deflate or br",
  "request.aborted": "must be sent to its end",
  "request.size.invalid": "must be as long as its Content-Length says",
};

function bodyProblem({ type, message }: HttpError): string {
  if (type !== "entity.parse.failed") return BODY_PROBLEMS[String(type)] ?? "must be what its Content-Encoding says";
  const [, position] = /position (\d+)/.exec(message) ?? [];
  return position === undefined ? "must be JSON" : `must be JSON, and is not from position ${position} on`;
}

/** The reply that a failure is, with the headers that belong to it. */
export function replyOf(failure: Failure): Reply {
  const { fields, retryAfterMs, body } = failure;
  const { status } = ERRORS[failure.code];
  return new Reply(
    status,
    { error: { ...body, ...(fields === undefined ? {} : { fields }) } },
    {
      ...(retryAfterMs === undefined ? {} : { "Retry-After": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      // RFC 6750, 3: a request without any token gets no reason.
      ...(status === 401
        ? { "WWW-Authenticate": failure.code === "AUTH_FAILED" ? "Bearer" : 'Bearer error="invalid_token"' }
        : {}),
    },
  );
}

function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && typeof (error as { status?: unknown }).status === "number";
}

/** What the log may know of an error: no values that a driver quotes in other members. */
export function describe(error: unknown): { message: string; code?: unknown; stack?: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return { message: error.message, stack: error.stack, ...(code === undefined ? {} : { code }) };
}
