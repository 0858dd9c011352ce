// What every namespace does with a new socket before its own part begins.
import { CLOSE } from "../connection/close-codes.ts";
import { type RateVerdict, restOfSecond } from "../connection/rate-verdict.ts";
import type { Actions } from "./actions.ts";
import { closeFaulty, closeSocket } from "./closing.ts";
import type { ConnectionRegistry } from "./connection-registry.ts";
import { type TokenChecks, watchExpiry } from "./expiry.ts";
import { handleEvents, type InOrder } from "./handler.ts";
import type { MessageRates } from "./message-rate.ts";
import type { AnySocket } from "./types.ts";

/** What a socket needs from its start. */
export interface SocketDependencies extends TokenChecks {
  registry: ConnectionRegistry;
  rates: MessageRates;
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
  const { registry, rates, logger } = dependencies;
  const unregister = registry.add(socket.data.admission.connection, {
    probe: (timeoutMs) => socket.data.connection.probe(timeoutMs),
    disconnect(why) {
      if (why === "dead") socket.conn.close(true);
      else closeSocket(socket, { code: CLOSE.policy, reason: "replaced" });
    },
  });
  socket.once("disconnect", unregister);
  ready.catch((error: unknown) => {
    if (!socket.connected) return; // it could not be made ready because it has gone
    logger.error({ err: error, namespace: socket.nsp.name }, "a connection could not begin");
    closeFaulty(socket);
  });
  watchExpiry(socket, dependencies);
  return handleEvents(socket, {
    actions,
    context,
    ready,
    rate: rateOf(socket, rates),
    onFault: (event, error) => logger.error({ err: error, event, namespace: socket.nsp.name }, "a handler failed"),
  });
}

/** The acks of a client that answers by pongs are made by this server, as many as it likes: they are not the client's. */
function rateOf(socket: AnySocket, rates: MessageRates): (event: string) => RateVerdict {
  const ofConnection = rates.of(socket.conn);
  const take = () => {
    const verdict = ofConnection();
    if (verdict !== "take") socket.data.connection.pauseReading(restOfSecond());
    return verdict;
  };
  if (socket.data.admission.traits.acknowledges === "ack") return take;
  return (event) => (event === "ack" ? "take" : take());
}
