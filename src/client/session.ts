// One namespace, kept connected: connect, restore, renew, come back after a failure, and know when not to.
import type { Manager } from "socket.io-client";
import { type BackoffOptions, createBackoff } from "./backoff.ts";
import { deviceClock } from "./clock.ts";
import { ConnectionBarrier } from "./connection-barrier.ts";
import { ClasswireError, errorFromWire, toClasswireError } from "./errors.ts";
import type { LifecycleEvents, State } from "./lifecycle.ts";
import { onOnline } from "./network.ts";
import { createRefresh } from "./refresh.ts";
import { NamespaceSocket } from "./socket.ts";
import { Alarm } from "./timers.ts";
import type { Token, Tokens } from "./tokens.ts";

/** What a session is made of. */
export interface SessionOptions {
  manager: Manager;
  namespace: string;
  tokens: Tokens;
  backoff: BackoffOptions;
  /** How long a connection and each answer may take, in milliseconds. */
  timeoutMs: number;
  /** What the handshake carries beside the token. */
  handshake(token: Token): Promise<Record<string, unknown>>;
  /** The first event of a connection; what the connection needs is set up here. Runs before the events behind it until its first await. */
  onConnected(payload: Record<string, unknown>): Promise<void>;
  onEvent(event: string, args: unknown[]): void;
  report<Event extends "disconnected" | "retrying" | "closed">(
    event: Event,
    args: Parameters<LifecycleEvents[Event]>,
  ): void;
}

/** After `RATE_LIMIT` the next attempt comes no sooner, unless the server names a time. */
const LIMITED_MS = 10_000;
/** The longest wait that a server may ask for. */
const LONGEST_LIMITED_MS = 60_000;
/** After a connection that lasted longer, in milliseconds, the back-off starts over. */
const STABLE_MS = 10_000;
/** Refused tokens in a row after which the session gives up. */
const MAX_REFUSALS = 3;
/** The end of the session when the server says so. */
const FINAL: ReadonlySet<string> = new Set(["AUTH_FAILED", "FORBIDDEN", "INVALID_MESSAGE", "REPLACED", "CLOSED"]);
const RENEWABLE: ReadonlySet<string> = new Set(["INVALID_TOKEN", "TOKEN_EXPIRED"]);

/** A connection to one namespace over any number of Socket.IO connections. */
export class Session {
  readonly #options: SessionOptions;
  readonly #socket: NamespaceSocket;
  readonly #backoff;
  readonly #refresh;
  readonly #alarm = new Alarm();
  readonly #barrier = new ConnectionBarrier();
  readonly #stopListening: () => void;
  #state: State = "waiting";
  #attempt = 0;
  #connectedAt = 0;
  #refusals = 0;
  #token: Token | undefined;
  #closeReason: ClasswireError | undefined;
  #waitsForNetwork = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#backoff = createBackoff(options.backoff);
    this.#refresh = createRefresh(options.tokens, (token) => this.ask("refresh_token", { token: token.text }));
    this.#socket = new NamespaceSocket(options.manager, options.namespace, {
      onAccepted: () => undefined, // the event `connected` follows
      onRefused: (error) => void this.#failed(error),
      onEvent: (event, args) => this.#take(event, args),
      onGone: (reason) => this.#gone(reason),
    });
    this.#stopListening = onOnline(() => this.#waitsForNetwork && this.start());
  }

  /** `connected` once rooms and subscriptions are restored. */
  get state(): State {
    return this.#state;
  }

  /** Starts connecting; does nothing unless the session waits. */
  start(): void {
    if (this.#state === "waiting") void this.#connect();
  }

  /** Disconnects cleanly until `start()` is called. */
  pause(): void {
    if (this.#state === "closed") return;
    const wasThere = this.#state !== "waiting";
    this.#leave("waiting");
    if (wasThere) this.#options.report("disconnected", [{ reason: "paused" }]);
  }

  /** Makes a new connection now, with a new handshake. */
  restart(reason: string): void {
    this.#socket.drop(reason);
  }

  /** Sends on the connection of this moment and gives back the answer, which `atOnce` sees before what comes behind it. */
  ask<Value extends object>(event: string, payload?: unknown, atOnce?: (answer: Value) => void): Promise<Value> {
    return this.#socket.request(event, payload, this.#options.timeoutMs, atOnce);
  }

  /** The same once there is a connection, for which it waits as long as an answer may take. */
  async request<Value extends object>(event: string, payload?: unknown): Promise<Value> {
    await this.ready(event);
    return this.ask(event, payload);
  }

  /** Resolves once there is a connection; rejects with `TIMEOUT` or `CLOSED`. `what` waits for it, for the message. */
  async ready(what: string): Promise<void> {
    if (this.#state === "closed") throw new ClasswireError("CLOSED", `${what}: this client is closed`);
    await this.#barrier.wait(what, this.#options.timeoutMs);
  }

  /** Sends without an answer; dropped when there is no connection. */
  send(event: string, payload: unknown): void {
    this.#socket.send(event, payload);
  }

  /** Ends the session: with an error when it could not go on. */
  close(error?: ClasswireError): void {
    if (this.#state === "closed") return;
    this.#leave("closed");
    this.#stopListening();
    this.#barrier.fail(error ?? new ClasswireError("CLOSED", "this client was closed"));
    this.#options.report("closed", [error === undefined ? {} : { error }]);
  }

  async #connect(): Promise<void> {
    this.#state = "connecting";
    const attempt = ++this.#attempt;
    const isOver = (): boolean => attempt !== this.#attempt;
    try {
      const token = await this.#options.tokens.get();
      const handshake = await this.#options.handshake(token);
      if (isOver()) return;
      this.#token = token;
      this.#socket.connect({ ...handshake, token: token.text });
    } catch (error) {
      if (!isOver()) await this.#failed(toClasswireError(error, "UNREACHABLE"));
      return;
    }
    this.#alarm.after(this.#options.timeoutMs, () => {
      this.#socket.disconnect();
      void this.#failed(new ClasswireError("UNREACHABLE", `not connected within ${this.#options.timeoutMs} ms`));
    });
  }

  #take(event: string, args: unknown[]): void {
    if (event === "error" || event === "close") this.#closeReason ??= closeReasonOf(args[0]);
    this.#options.onEvent(event, args);
    if (event === "connected") void this.#restore(args[0]);
  }

  async #restore(payload: unknown): Promise<void> {
    const attempt = this.#attempt;
    this.#alarm.cancel();
    this.#connectedAt = deviceClock.monotonic();
    this.#closeReason = undefined;
    this.#refusals = 0;
    if (this.#token !== undefined) this.#refresh.watch(this.#token);
    try {
      await this.#options.onConnected(payload as Record<string, unknown>);
    } catch (error) {
      if (attempt === this.#attempt) this.restart(toClasswireError(error, "UNREACHABLE").message);
      return;
    }
    if (attempt !== this.#attempt || !this.#socket.connected) return;
    this.#state = "connected";
    this.#barrier.open();
  }

  #gone(reason: string): void {
    this.#options.report("disconnected", [{ reason }]);
    if (deviceClock.monotonic() - this.#connectedAt > STABLE_MS) this.#backoff.reset();
    const error = this.#closeReason ?? new ClasswireError("DISCONNECTED", reason);
    this.#closeReason = undefined;
    void this.#failed(error);
  }

  /** Decides what an error means for the session. */
  async #failed(error: ClasswireError): Promise<void> {
    if (this.#state === "closed") return;
    this.#leave("waiting");
    const attempt = this.#attempt;
    if (FINAL.has(error.code)) return this.close(error);
    const isHopeless = RENEWABLE.has(error.code) && !(await this.#renewed());
    if (attempt !== this.#attempt) return; // paused, started or closed meanwhile
    if (isHopeless) return this.close(error);
    const delayMs = this.#backoff.next(waitOf(error));
    this.#waitsForNetwork = error.code === "UNREACHABLE" || error.code === "DISCONNECTED";
    this.#alarm.after(delayMs, () => this.start());
    this.#options.report("retrying", [{ error, delayMs }]);
  }

  /** Whether there is another token than the refused one. */
  async #renewed(): Promise<boolean> {
    if (this.#token === undefined || ++this.#refusals > MAX_REFUSALS) return false;
    try {
      return (await this.#options.tokens.renew(this.#token)) !== undefined;
    } catch (error) {
      return toClasswireError(error, "UNREACHABLE").code === "UNREACHABLE"; // the next attempt asks for it again
    }
  }

  #leave(state: State): void {
    this.#attempt++;
    this.#state = state;
    this.#waitsForNetwork = false;
    this.#barrier.shut();
    this.#alarm.cancel();
    this.#refresh.stop();
    this.#socket.disconnect();
  }
}

/** How long the server wants not to be asked again. */
function waitOf({ code, retryAfterMs }: ClasswireError): number {
  return Math.min(LONGEST_LIMITED_MS, retryAfterMs ?? (code === "RATE_LIMIT" ? LIMITED_MS : 0));
}

/**
 * What an `error` or `close` event says about coming back. Other errors are about one message or channel, not about the
 * connection; an expired token is followed by a `close`, of which it is the reason.
 */
function closeReasonOf(value: unknown): ClasswireError | undefined {
  const error = errorFromWire(value);
  if (error !== undefined) return RENEWABLE.has(error.code) ? error : undefined;
  if (typeof value !== "object" || value === null || !("reason" in value)) return undefined;
  const reason = String(value.reason);
  return new ClasswireError(reason === "replaced" ? "REPLACED" : "DISCONNECTED", reason);
}
