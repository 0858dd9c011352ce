// Control: commands that every node carries out on its own connections.
import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import { CLOSE } from "../connection/close-codes.ts";
import type { Identity } from "../contract/identity.ts";
import { closeSocket, closeWithError } from "./closing.ts";
import { refusalOf } from "./expiry.ts";
import type { AnyNamespace, AnySocket } from "./types.ts";

/** The key `order` is that of the bus: nodes of other versions read it too. */
const command = z.discriminatedUnion("order", [
  z.object({ order: z.literal("disconnect"), user: z.string(), reason: z.string() }),
  z.object({ order: z.literal("registered"), session: z.string(), user: z.string() }),
]);
type Command = z.infer<typeof command>;

/** Commands to all nodes, this one included. */
export interface Control {
  /** Ends every connection of a user. */
  disconnectUser(user: string, reason?: string): void;
  /** A run session has an owner now: pending subscriptions to it begin, or end. */
  sessionRegistered(session: string, user: string): void;
  /** Hears of registered run sessions. */
  onSessionRegistered(listener: (session: string, user: string) => void): void;
  /** Ends the connections of this node whose token `check` refuses (it throws); every node hears of revocations by itself. */
  endRevoked(check: (identity: Identity) => void): void;
}

/** Creates the control of one node over its namespaces. */
export function createControl(cluster: Cluster, namespaces: readonly AnyNamespace[]): Control {
  const listeners: ((session: string, user: string) => void)[] = [];

  const sockets = (): AnySocket[] => namespaces.flatMap((namespace) => [...namespace.sockets.values()]);

  function execute(given: Command): void {
    if (given.order === "registered") {
      for (const listener of listeners) listener(given.session, given.user);
      return;
    }
    for (const socket of sockets()) {
      const { user } = socket.data.admission;
      if (user === given.user) closeSocket(socket, { code: CLOSE.policy, reason: given.reason });
    }
  }

  function executeEverywhere(given: Command): void {
    execute(given);
    cluster.bus.publish("control", given);
  }

  cluster.bus.subscribe("control", (message) => {
    const given = command.safeParse(message);
    if (given.success) execute(given.data);
  });

  return {
    disconnectUser: (user, reason = "disconnected by the platform") =>
      executeEverywhere({ order: "disconnect", user, reason }),
    sessionRegistered: (session, user) => executeEverywhere({ order: "registered", session, user }),
    onSessionRegistered: (listener) => void listeners.push(listener),
    endRevoked(check) {
      for (const socket of sockets()) {
        const failure = refusalOf(check, socket.data.admission.identity);
        if (failure !== undefined) closeWithError(socket, failure);
      }
    },
  };
}
