// What every namespace does with a new socket before its own part begins.
import type { Logger } from "pino";
import { CLOSE } from "../contract/connection.ts";
import type { Identity, VerifyToken } from "../contract/identity.ts";
import type { Limits } from "../limits.ts";
import { closeSocket } from "./closing.ts";
import type { Connection } from "./connections.ts";
import { rawOf } from "./connections.ts";
import { watchExpiry } from "./expiry.ts";
import { type Action, handleEvents } from "./handler.ts";
import { createMessageRate } from "./message-rate.ts";
import type { Roll } from "./roll.ts";
import type { AnySocket } from "./types.ts";

/** What the entry of a socket needs. */
export interface EntryDependencies {
  verify: VerifyToken;
  notRevoked: (identity: Identity) => void;
  roll: Roll;
  limits: Limits;
  log: Logger;
}

/**
 * Enters the socket on the roll, watches its token and handles its events once it is ready. If it cannot be made ready it
 * is closed as our fault.
 */
export function enter(
  socket: AnySocket,
  actions: Record<string, Action>,
  dependencies: EntryDependencies,
  ready: Promise<unknown>,
): void {
  const { verify, notRevoked, roll, limits, log } = dependencies;
  const strike = roll.add(socket.data.admission.connection, {
    probe: (timeoutMs) => probe(socket, timeoutMs),
    dismiss: () => socket.conn.close(true),
  });
  socket.once("disconnect", strike);
  ready.catch((error: unknown) => {
    log.error({ err: error, namespace: socket.nsp.name }, "a connection could not begin");
    closeSocket(socket, { code: CLOSE.fault, reason: "the server cannot do this now, try again" });
  });
  handleEvents(socket, {
    ready,
    actions: { ...actions, refresh_token: watchExpiry(socket, verify, notRevoked) },
    rate: createMessageRate(limits.messages),
    onFault: (event, error) => log.error({ err: error, event, namespace: socket.nsp.name }, "a handler failed"),
  });
}

/** Pings the client below Socket.IO; any pong within the time will do. */
function probe(socket: AnySocket, timeoutMs: number): Promise<boolean> {
  const raw = rawOf(socket.conn);
  if (raw !== undefined) return raw.probe(timeoutMs);
  const connection = socket.conn as unknown as Connection & { sendPacket(type: string): void };
  return new Promise((resolve) => {
    const done = (alive: boolean) => {
      clearTimeout(timer);
      connection.off("heartbeat", onPong);
      resolve(alive);
    };
    const onPong = () => done(true);
    const timer = setTimeout(done, timeoutMs, false);
    connection.once("heartbeat", onPong);
    connection.sendPacket("ping");
  });
}
