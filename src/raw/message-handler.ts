// What a client says and is answered, in its dialect: frames to packets, answers to frames, and a limit on nonsense.
import type { RateVerdict } from "../connection/rate-verdict.ts";
import { CLOSE, type Closing } from "../connection/traits.ts";
import { Failure } from "../contract/errors.ts";
import type { Answer, Dialect, SignalName } from "./codec.ts";
import { eventPacket } from "./packet.ts";
import type { Received } from "./receive-buffer.ts";

/** The two sides of a conversation. */
export interface Sides {
  /** Gives the namespace a packet. */
  tell(packet: string): void;
  /** Sends the client a frame's text. */
  say(text: string): void;
  /** Ends the connection. */
  end(closing: Closing): void;
}

/** The conversation with one client. */
export class Conversation {
  readonly #dialect: Dialect;
  readonly #sides: Sides;
  readonly #messageRate: () => () => RateVerdict;
  #malformed: (() => RateVerdict) | undefined;
  #answeredAt: Partial<Record<SignalName, number>> | undefined;

  constructor(dialect: Dialect, sides: Sides, messageRate: () => () => RateVerdict) {
    this.#dialect = dialect;
    this.#sides = sides;
    this.#messageRate = messageRate;
  }

  /** A frame from the client. */
  receive({ data, isBinary }: Received): void {
    if (isBinary) {
      this.#sides.end({ code: CLOSE.binary, reason: "text frames only" });
      return;
    }
    const decoded = this.#dialect.codec.decode(parseJson(data));
    if (decoded instanceof Failure) this.#complain(decoded);
    else this.#sides.tell(eventPacket(this.#dialect.namespace, decoded));
  }

  /** The namespace's answer to one of the client's frames. */
  answer(event: SignalName, answer: Answer): void {
    const now = Date.now();
    const text = this.#dialect.codec.answer(event, answer, now);
    if (text !== null && (!answer.ok || this.#isDue(event, now))) this.#sides.say(text);
  }

  /** Says what the failure is. */
  refuse(failure: Failure): void {
    this.#sides.say(this.#dialect.codec.refuse(failure, Date.now()));
  }

  /** Malformed frames are limited here; the namespaces, which limit all others, never see them. */
  #complain(failure: Failure): void {
    this.#malformed ??= this.#messageRate();
    const verdict = this.#malformed();
    if (verdict === "take") this.refuse(failure);
    if (verdict === "drop and say so") this.refuse(new Failure("RATE_LIMIT", "too many messages"));
    if (verdict === "close") this.#sides.end({ code: CLOSE.policy, reason: "too many messages" });
  }

  #isDue(event: SignalName, now: number): boolean {
    const every = this.#dialect.answersAtMostEvery?.[event];
    if (every === undefined) return true;
    this.#answeredAt ??= {};
    if (now - (this.#answeredAt[event] ?? 0) < every) return false;
    this.#answeredAt[event] = now;
    return true;
  }
}

/** The value, or undefined for what is no JSON: the codec says so in its dialect's words. */
export function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
