// Acks: every answer to an emitted event is one of these two.
import type { ErrorBody } from "./errors.ts";

/** `{ok: true, …}` or `{ok: false, error}`. */
export type Ack<Value extends object = object> = ({ ok: true } & Value) | { ok: false; error: ErrorBody };

/** The callback with which a client asks for an ack. */
export type AckCallback<Value extends object = object> = (answer: Ack<Value>) => void;
