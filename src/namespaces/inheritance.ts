// Inheritance: a raw client does not ask for what it missed, so its next connection goes on where this one was cut.
import { rawOf } from "../realtime/connections.ts";
import type { AnySocket } from "../realtime/types.ts";
import type { Inherited, Resume } from "../services/resume.ts";

/** One connection's part in it. All of it does nothing for clients that recover by themselves. */
export interface Heir {
  /** What the user's last cut connection of this dialect left, once. */
  claim(): Promise<Inherited>;
  /** A channel is heard from `offset` on. */
  keep(channel: string, offset: number): Promise<void>;
  /** A channel is not heard any more. */
  drop(channel: string): void;
  /** The client has everything up to `offset`. */
  acknowledged(channel: string, offset: number): void;
  /** The joined rooms are these now. */
  rooms(rooms: readonly string[]): Promise<void>;
}

/** Gives each connection its part. */
export interface Inheritance {
  of(socket: AnySocket): Heir;
}

const NOTHING: Inherited = { rooms: [], cursors: {} };
const NO_HEIR: Heir = {
  claim: async () => NOTHING,
  keep: async () => undefined,
  drop: () => undefined,
  acknowledged: () => undefined,
  rooms: async () => undefined,
};

/** Makes the inheritance of one node. `isAlive` asks whether a connection still lives on the node that kept it. */
export function createInheritance(
  resume: Resume,
  node: string,
  isAlive: (connection: string, node: string) => Promise<boolean>,
  onFault: (error: unknown) => void,
): Inheritance {
  return {
    of(socket) {
      const { admission } = socket.data;
      if (!admission.traits.inherits || admission.liveOnly) return NO_HEIR;
      const { connection, user, traits } = admission;
      const legacy: Inherited = { rooms: [], cursors: {} };
      let claimed: Promise<Inherited> | undefined;
      let ended = false;
      const save = async (): Promise<void> => {
        if (!ended)
          await resume.save({ id: connection, user, dialect: traits.speaks, node, ...structuredClone(legacy) });
      };
      const saveSoon = delayed(() => save().catch(onFault));

      socket.once("disconnect", () => {
        ended = true;
        saveSoon.cancel();
        const session = { id: connection, user, dialect: traits.speaks, node, ...legacy };
        const clean = rawOf(socket.conn)?.closedByClient === true;
        (clean ? resume.forget(connection) : resume.end(session)).catch(onFault);
      });

      return {
        claim() {
          claimed ??= resume.claim(user, traits.speaks, connection, isAlive).then((left) => left ?? NOTHING);
          return claimed;
        },
        async keep(channel, offset) {
          legacy.cursors[channel] = offset;
          await save();
        },
        drop(channel) {
          delete legacy.cursors[channel];
          saveSoon();
        },
        acknowledged(channel, offset) {
          if ((legacy.cursors[channel] ?? offset) >= offset) return;
          legacy.cursors[channel] = offset;
          saveSoon();
        },
        async rooms(rooms) {
          legacy.rooms = [...rooms];
          await save();
        },
      };
    },
  };
}

/** Acks come often and one lost only repeats an event: they are saved a second later, together. */
function delayed(work: () => void): (() => void) & { cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work();
    }, 1000);
  };
  return Object.assign(soon, {
    cancel() {
      clearTimeout(timer);
      timer = undefined;
    },
  });
}
