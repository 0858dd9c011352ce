// Messages that are kept once, however often they have to be sent: by an id, with which the server knows them again.
import { type BackoffOptions, createBackoff } from "./backoff.ts";
import type { Core } from "./durable-handle.ts";
import { type ClasswireError, type ClientErrorCode, toClasswireError } from "./errors.ts";
import { sleep } from "./timers.ts";

/** How a message is sent. */
export interface MessageOptions {
  /** Names the message, 1 to 64 characters: sent again with it within 24 hours, it is the same one. Made up unless given. */
  id?: string;
}

/** Sends messages. */
export interface Messages {
  /**
   * Resolves with the server's answer. Sends again where none came: nobody knows whether the server has acted. Rejects with what
   * the server says against the message, and with the last error after five tries, when the handle is closed, or when there was no
   * connection to send it over in the first place.
   */
  send<Value extends object>(event: string, payload: object, options?: MessageOptions): Promise<Value>;
}

/** How often a message is sent. */
const TRIES = 5;
/** After these it is not known whether the server has acted, or it has said that it could not. */
const UNANSWERED: ReadonlySet<ClientErrorCode> = new Set(["DISCONNECTED", "TIMEOUT", "SERVER_ERROR"]);

/** Creates the messages of one handle. */
export function createMessages(core: Pick<Core, "session" | "state" | "signal">, bounds: BackoffOptions): Messages {
  return {
    async send<Value extends object>(event: string, payload: object, { id = madeUpId() }: MessageOptions = {}) {
      const backoff = createBackoff(bounds);
      await core.session.ready(event); // what was never sent has not happened, and need not be sent again
      let unanswered: ClasswireError | undefined;
      for (let tries = 1; ; tries++) {
        try {
          if (unanswered !== undefined) await core.session.ready(event);
          return await core.session.ask<Value>(event, { ...payload, id });
        } catch (error) {
          const reason = toClasswireError(error, "SERVER_ERROR");
          // The end of the handle says nothing about the message; what came before it does.
          if (reason.code === "CLOSED") throw unanswered ?? reason;
          if (tries === TRIES || core.state === "closed" || !isOpen(reason, unanswered)) throw reason;
          unanswered = reason;
          // A new connection has been waited for by itself, and there messages go out in the order in which they were sent.
          if (reason.code === "DISCONNECTED") continue;
          await sleep(backoff.next(reason.retryAfterMs), core.signal).catch(() => {
            throw reason;
          });
        }
      }
    },
  };
}

/** Whether it is open what has become of the message. A repetition that is one too many in a second says nothing about it. */
function isOpen({ code }: ClasswireError, before: ClasswireError | undefined): boolean {
  return UNANSWERED.has(code) || (code === "RATE_LIMIT" && before !== undefined);
}

/** 80 bits of chance: an id need only differ from the others of the same user. `crypto` is not everywhere where this runs. */
function madeUpId(): string {
  const part = (): string =>
    Math.floor(Math.random() * 2 ** 40)
      .toString(36)
      .padStart(8, "0");
  return `${part()}${part()}`;
}
