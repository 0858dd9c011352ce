// Messages that are kept once, however often they have to be sent: by an id, with which the server knows them again.
import { type BackoffOptions, createBackoff } from "./backoff.ts";
import { toClasswireError } from "./errors.ts";
import type { State } from "./lifecycle.ts";
import { Alarm } from "./timers.ts";

/** How a message is sent. */
export interface MessageOptions {
  /** Names the message, 1 to 64 characters: sent again with it within 24 hours, it is the same one. Made up unless given. */
  id?: string;
}

/** What messages are sent over. */
interface Asking {
  readonly state: State;
  request<Value extends object>(event: string, payload?: unknown): Promise<Value>;
}

/** Sends messages. */
export interface Messages {
  /**
   * Resolves with the server's answer. Sends again where none came: nobody knows whether the server has acted. Rejects with what
   * the server says against the message, and with the last error after five tries.
   */
  send<Value extends object>(event: string, payload: object, options?: MessageOptions): Promise<Value>;
}

/** How often a message is sent. */
const TRIES = 5;
/** After these it is not known whether the server has acted, or it has said that it could not. */
const UNANSWERED: ReadonlySet<string> = new Set(["DISCONNECTED", "TIMEOUT", "SERVER_ERROR"]);

/** Creates the messages of one handle. */
export function createMessages(session: Asking, bounds: BackoffOptions): Messages {
  return {
    async send<Value extends object>(event: string, payload: object, { id = madeUpId() }: MessageOptions = {}) {
      const backoff = createBackoff(bounds);
      for (let attempt = 1; ; attempt++) {
        try {
          return await session.request<Value>(event, { ...payload, id });
        } catch (error) {
          const isUnanswered = UNANSWERED.has(toClasswireError(error, "SERVER_ERROR").code);
          if (attempt === TRIES || session.state === "closed" || !isUnanswered) throw error;
          await new Promise<void>((resolve) => new Alarm().after(backoff.next(), resolve));
        }
      }
    },
  };
}

/** 80 bits of chance: an id need only differ from the others of the same user. `crypto` is not everywhere where this runs. */
function madeUpId(): string {
  const part = (): string =>
    Math.floor(Math.random() * 2 ** 40)
      .toString(36)
      .padStart(8, "0");
  return `${part()}${part()}`;
}
