// What every namespace does with a new socket before its own part begins.
import { CLOSE } from "../connection/close-codes.ts";
import { type RateVerdict, restOfSecond } from "../connection/rate-verdict.ts";
import type { Actions } from "./actions.ts";
import { closeFaulty, closeSocket } from "./closing.ts";
import type { ConnectionRegistry, RegisteredConnection } from "./connection-registry.ts";
import { type Ending, onEnd } from "./endings.ts";
import type { TokenChecks, TokenExpiry } from "./expiry.ts";
import { EventHandler, type Handling, type InOrder } from "./handler.ts";
import type { MessageRates } from "./message-rate.ts";
import type { AnySocket } from "./types.ts";

/** What a socket needs from its start. */
export interface SocketDependencies extends TokenChecks {
  registry: ConnectionRegistry;
  rates: MessageRates;
  tokens: TokenExpiry;
}

/**
 * Registers the socket's connection, watches its token and handles its events once it is ready. If it cannot be made ready it
 * is closed as our fault. @returns does something between two events
 */
export function initSocket<Context>(
  socket: AnySocket,
  actions: Actions<Context>,
  context: Context,
  dependencies: SocketDependencies,
  ready: Promise<unknown>,
): InOrder {
  const begun = new BegunSocket(socket, actions, context, dependencies);
  dependencies.registry.add(socket.data.admission.connection, begun);
  onEnd(socket, begun);
  dependencies.tokens.watch(socket);
  const events = new EventHandler(socket, begun);
  events.begin(ready.catch((error: unknown) => begun.couldNotBegin(error)));
  return events;
}

/** A socket that has begun: in the registry, and what its events are handled with. */
class BegunSocket<Context> implements RegisteredConnection, Handling<Context>, Ending {
  readonly actions: Actions<Context>;
  readonly context: Context;
  readonly #socket: AnySocket;
  readonly #dependencies: SocketDependencies;
  readonly #rate: () => RateVerdict;

  constructor(socket: AnySocket, actions: Actions<Context>, context: Context, dependencies: SocketDependencies) {
    this.actions = actions;
    this.context = context;
    this.#socket = socket;
    this.#dependencies = dependencies;
    this.#rate = dependencies.rates.of(socket.conn);
  }

  probe(timeoutMs: number): Promise<boolean> {
    return this.#socket.data.connection.probe(timeoutMs);
  }

  disconnect(why: "dead" | "replaced"): void {
    if (why === "dead") this.#socket.conn.close(true);
    else closeSocket(this.#socket, { code: CLOSE.policy, reason: "replaced" });
  }

  /** The acks of a client that answers by pongs are made by this server, as many as it likes: they are not the client's. */
  rate(event: string): RateVerdict {
    const { admission, connection } = this.#socket.data;
    if (event === "ack" && admission.traits.acknowledges !== "ack") return "take";
    const verdict = this.#rate();
    if (verdict !== "take") connection.pauseReading(restOfSecond());
    return verdict;
  }

  onFault(event: string, error: unknown): void {
    const { logger } = this.#dependencies;
    logger.error({ err: error, event, namespace: this.#socket.nsp.name }, "a handler failed");
  }

  couldNotBegin(error: unknown): void {
    if (!this.#socket.connected) return; // it has gone meanwhile
    this.#dependencies.logger.error({ err: error, namespace: this.#socket.nsp.name }, "a connection could not begin");
    closeFaulty(this.#socket);
  }

  ended(): void {
    const { registry, tokens } = this.#dependencies;
    registry.remove(this.#socket.data.admission.connection, this);
    tokens.forget(this.#socket);
  }
}
