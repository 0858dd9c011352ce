// What a call is answered with, before it is written to a connection.

/** A status, a body (JSON, or text where the route says so) and headers beyond the usual ones. */
export class Reply<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
  /** False where the same call may have a better answer soon, for all its good status: an idempotency key does not keep it. */
  readonly keep: boolean;

  constructor(status: number, body: Body, headers: Readonly<Record<string, string>> = {}, keep = true) {
    this.status = status;
    this.body = body;
    this.headers = headers;
    this.keep = keep;
  }
}
