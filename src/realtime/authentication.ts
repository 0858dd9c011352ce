// The middleware of every namespace: one slot, one admission, and both given back when the socket goes.
import { toFailure } from "../contract/errors.ts";
import type { Admission, Admit } from "./admission.ts";
import { connectionOf } from "./engine-connection.ts";
import { connectError } from "./errors.ts";
import { forgetSecrets, requestOf } from "./handshake.ts";
import type { NamespaceSlots } from "./namespace-slots.ts";
import type { OnRefused } from "./refusals.ts";
import type { AnyNamespace, AnySocket } from "./types.ts";

/** What the middleware needs. */
export interface Authentication {
  admit: Admit;
  slots: NamespaceSlots;
  onRefused: OnRefused;
}

/** Puts the middleware on a namespace; `socket.data.admission` is there for everything behind it. */
export function authenticate(namespace: AnyNamespace, { admit, slots, onRefused }: Authentication): void {
  namespace.use((socket, next) => {
    const connection = socket.conn;
    // Before anything asynchronous: a burst of connects on one connection gets one slot.
    if (!slots.take(connection, namespace.name)) {
      return next(connectError("INVALID_MESSAGE", `this connection is in ${namespace.name} already`));
    }
    socket.data.connection = connectionOf(connection);
    admission(socket, admit).then(
      (admitted) => {
        socket.data.admission = admitted;
        forgetSecrets(socket);
        const leave = () => {
          connection.off("close", leave);
          slots.leave(connection, namespace.name);
          void admitted.release();
        };
        if (connection.readyState === "open") {
          socket.once("disconnect", leave);
          connection.once("close", leave); // the connection may die before the socket is there
        } else leave();
        next(); // also for a connection that has gone: Socket.IO forgets the socket then
      },
      (error: unknown) => {
        slots.leave(connection, namespace.name);
        const failure = toFailure(error);
        onRefused(namespace.name, failure, error);
        next(connectError(failure.code, failure.message));
      },
    );
  });
}

/** A raw connection was admitted before its upgrade; all others are admitted here. */
async function admission(socket: AnySocket, admit: Admit): Promise<Admission> {
  const { admission } = socket.data.connection;
  return admission === undefined ? admit(requestOf(socket)) : (admission as Admission);
}
