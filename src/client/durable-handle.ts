// What the handles of `/dashboard` and `/channels` have in common: a session, listeners, and streams behind them.
import { Events } from "./events.ts";
import type { LifecycleEvents, State } from "./lifecycle.ts";
import type { Context } from "./options.ts";
import { createPositions, type Position } from "./positions.ts";
import { Session } from "./session.ts";
import { metaOf, Streams } from "./streams.ts";
import { createEnd, type Ending, startAfter } from "./succession.ts";
import { Stop, type StopSignal } from "./timers.ts";
import type { Token } from "./tokens.ts";

/** Names that only the client itself may use, whatever a backend emits. */
const OWN: ReadonlySet<string> = new Set<keyof LifecycleEvents>([
  "disconnected",
  "retrying",
  "closed",
  "unrecovered",
  "listener_error",
]);

/** The parts in which the two handles differ. */
export interface Behaviour {
  namespace: string;
  /** The handshake, once the streams are there. */
  handshake(core: Core, token: Token): Promise<Record<string, unknown>>;
  /** After the first event of a connection: rooms, subscriptions, starting points. */
  restore(core: Core, payload: Record<string, unknown>): Promise<void>;
  /** Asks for a channel again, from where its stream stands. */
  resubscribe(core: Core, channel: string): void;
  /** Everything in the channel up to there has been handled. */
  handled(core: Core, channel: string, position: Position): void;
}

/** Listener arguments of any event; the handles' types say which. */
type AnyEvents = Record<string, readonly unknown[]>;

/** The inside of a handle. */
export interface Core {
  readonly session: Session;
  /** That of the session; `closed` as soon as the handle is being closed. */
  readonly state: State;
  /** Aborted as soon as the handle is being closed. */
  readonly signal: StopSignal;
  readonly events: Events<AnyEvents>;
  /** There after the first `handshake`. */
  readonly streams: Streams | undefined;
  /** The log that offsets belong to on this connection. */
  readonly epoch: string;
  emit(event: string, ...args: unknown[]): void;
  /** Connects; when the handle before it has ended, for which it waits as long as an answer may take. */
  start(before: Ending | undefined): void;
  ending(): Ending | undefined;
  /** Waits for listeners that run, then disconnects. `before` runs in between. */
  close(before?: () => Promise<void>): Promise<void>;
}

/** Creates the inside of a handle; nothing connects before `start`. */
export function createCore(context: Context, behaviour: Behaviour): Core {
  const stop = new Stop();
  const end = createEnd();
  let streams: Streams | undefined;
  let epoch = "";

  const events = new Events<AnyEvents>(() => {
    for (const [, stream] of streams?.entries() ?? []) stream.listenerAdded();
  });

  const report: LifecycleEvents["listener_error"] = (failure) => {
    events.emit("listener_error", [failure], () => undefined); // a listener of errors that fails itself has nobody to tell
  };

  function emit(event: string, ...args: unknown[]): void {
    events.emit(event, args, (error) => report({ error, event, attempt: 1, skipped: true }));
  }

  function streamsOf(user: string): Streams {
    return new Streams({
      positions: createPositions(context.storage, context.url, user),
      epoch: () => epoch,
      listeners: (event) => events.of(event),
      handled: (channel, position) => behaviour.handled(core, channel, position),
      resubscribe: (channel) => behaviour.resubscribe(core, channel),
      attempts: context.attempts,
      report,
      signal: stop.signal,
    });
  }

  const session = new Session({
    ...context,
    namespace: behaviour.namespace,
    async handshake(token) {
      streams ??= streamsOf(token.user);
      return behaviour.handshake(core, token);
    },
    async onConnected(payload) {
      epoch = typeof payload["epoch"] === "string" ? payload["epoch"] : "";
      for (const [, stream] of streams?.entries() ?? []) stream.reconnected();
      await behaviour.restore(core, payload);
    },
    onEvent(event, [payload, second]) {
      const meta = metaOf(second);
      if (meta !== undefined) streams?.receive({ event, payload, meta });
      else if (!OWN.has(event)) emit(event, payload);
    },
    report(event, args) {
      if (event === "closed") end.reached();
      emit(event, ...args);
    },
  });

  const core: Core = {
    session,
    events,
    signal: stop.signal,
    get streams() {
      return streams;
    },
    get epoch() {
      return epoch;
    },
    get state() {
      return stop.signal.aborted ? "closed" : session.state;
    },
    emit,
    start: (before) => startAfter(before, context.timeoutMs, () => session.start()),
    ending: () => (core.state === "closed" ? { done: end.done, cut: () => session.close() } : undefined),
    async close(before = async () => undefined) {
      stop.abort(new Error("the client was closed"));
      await streams?.close();
      await before();
      session.close();
    },
  };
  return core;
}
