// Handling the messages of one client in its dialect: frames to packets, answers to frames, and a limit on malformed ones.

import { CLOSE, type Closing } from "../connection/close-codes.ts";
import type { DecodedPacket } from "../connection/decoded-packet.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import { Failure } from "../contract/errors.ts";
import type { ClientEventName } from "../contract/namespaces.ts";
import type { Answer, Dialect } from "./codec.ts";
import { eventPacket } from "./packet.ts";

/** How a connection ends that was above its rate for too long. */
export const TOO_MANY: Closing = { code: CLOSE.policy, reason: "too many messages" };

/** Where a message handler sends what it makes. */
export interface MessageHandlerOutput {
  /** Gives the namespace a packet. */
  toNamespace(packet: DecodedPacket): void;
  /** Sends the client a frame's text. */
  toClient(text: string): void;
  /** Closes the connection. */
  closeFor(closing: Closing): void;
  /** Counts a malformed frame, and says what becomes of it. */
  malformed(): RateVerdict;
}

/** The messages of one client, and the answers to them. */
export class MessageHandler {
  readonly #dialect: Dialect;
  readonly #output: MessageHandlerOutput;
  #answeredAt: Partial<Record<ClientEventName, number>> | undefined;

  constructor(dialect: Dialect, output: MessageHandlerOutput) {
    this.#dialect = dialect;
    this.#output = output;
  }

  /** A frame from the client. */
  receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#output.closeFor({ code: CLOSE.binary, reason: "text frames only" });
      return;
    }
    const decoded = this.#dialect.codec.decode(parseJson(data));
    if (decoded instanceof Failure) this.#refuseMalformed(decoded);
    else {
      const { event } = decoded;
      this.#output.toNamespace(eventPacket(this.#dialect.namespace, decoded, (answer) => this.answer(event, answer)));
    }
  }

  /** The namespace's answer to one of the client's frames. */
  answer(event: ClientEventName, answer: Answer): void {
    const now = Date.now();
    const text = this.#dialect.codec.answer(event, answer, now);
    if (text !== null && (!answer.ok || this.#isDue(event, now))) this.#output.toClient(text);
  }

  /** Says what the failure is. */
  refuse(failure: Failure): void {
    this.#output.toClient(this.#dialect.codec.error(failure, Date.now()));
  }

  /** Malformed frames are limited here; the namespaces, which limit all others, never see them. */
  #refuseMalformed(failure: Failure): void {
    const verdict = this.#output.malformed();
    if (verdict === "take") this.refuse(failure);
    if (verdict === "drop and say so") this.refuse(new Failure("RATE_LIMIT", "too many messages"));
    if (verdict === "close") this.#output.closeFor(TOO_MANY);
  }

  #isDue(event: ClientEventName, now: number): boolean {
    const every = this.#dialect.answerIntervalMs?.[event];
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
