// Performing a call: the same for one that came over HTTP and for one of a batch.
import { ERRORS, Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import type { Idempotency } from "../services/idempotency.ts";
import { authorise } from "./access.ts";
import { replyOf } from "./failures.ts";
import { Reply } from "./reply.ts";
import type { Accepted, Parts, Route } from "./route.ts";

/** A call to a route, by somebody who may call it. */
export interface Incoming extends Parts {
  readonly identity: Identity | undefined;
  /** The caller's own key for this call. */
  readonly idempotencyKey: string | undefined;
  /** Names the call's events where there is no such key, as in a batch that has one as a whole. */
  readonly eventKey?: string | undefined;
  /** Holds the work back until it is its turn. */
  readonly turn?: (accepted: Accepted, work: () => Promise<Reply>) => Promise<Reply>;
}

/** Checks the parts, the right to do this, and the key; then does it. Throws what {@link replyOf} makes a reply of. */
export type Perform = (route: Route, incoming: Incoming) => Promise<Reply>;

/** Makes it over the service that keeps answers. */
export function createPerform(idempotency: Idempotency): Perform {
  return async (route, incoming) => {
    const { identity, idempotencyKey: key, turn = (_accepted, work) => work() } = incoming;
    const accepted = route.accept(incoming);
    authorise(route.access, identity, accepted.about);
    const run = (eventKey: string | undefined) => turn(accepted, () => accepted.run(identity, eventKey));
    if (key === undefined || route.method !== "post") return run(incoming.eventKey);

    const request = { caller: nameOf(identity), path: accepted.path, key, body: accepted.body };
    const first: { reply?: Reply } = {};
    const kept = await idempotency.run(request, async (eventKey) => {
      first.reply = await run(eventKey).catch(refused);
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
function refused(error: unknown): Reply {
  if (error instanceof Failure && ERRORS[error.code].status < 500) return replyOf(error);
  throw error;
}
