// Inheritance: a raw client does not ask for what it missed, so its next connection goes on where this one was cut.
import { rawOf } from "../realtime/connections.ts";
import type { AnySocket } from "../realtime/types.ts";
import type { Inherited, RawSession, Resume } from "../services/resume.ts";

/** One connection's part in it. All of it does nothing for clients that recover by themselves. */
export interface Heir {
  /** What the user's last cut connection of this dialect left, once. */
  claim(): Promise<Inherited>;
  /** A channel is heard from `offset` on. Resolves when that is kept. */
  keep(channel: string, offset: number): Promise<void>;
  /** A channel is not heard any more. */
  drop(channel: string): void;
  /** The client has everything up to `offset`. */
  acknowledged(channel: string, offset: number): void;
  /** The joined rooms are these now. Resolves when that is kept. */
  rooms(rooms: Iterable<string>): Promise<void>;
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
/** Acks come often, and one that is lost only repeats an event: they are saved so much later, together. */
const LATER_MS = 1000;

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
      const estate: Inherited = { rooms: [], cursors: {} };
      let claimed: Promise<Inherited> | undefined;
      let saving: Promise<void> | undefined;
      let later: NodeJS.Timeout | undefined;

      const session = (): RawSession => ({
        id: connection,
        user,
        dialect: traits.speaks,
        node,
        rooms: [...estate.rooms],
        cursors: { ...estate.cursors },
      });
      /** Whatever changes in one turn of the event loop is saved together. */
      const save = (): Promise<void> => {
        saving ??= Promise.resolve().then(async () => {
          saving = undefined;
          if (socket.connected) await resume.save(session());
        });
        return saving;
      };
      const saveLater = (): void => {
        later ??= setTimeout(() => {
          later = undefined;
          save().catch(onFault);
        }, LATER_MS);
      };

      socket.once("disconnect", () => {
        clearTimeout(later);
        const clean = rawOf(socket.conn)?.closedByClient === true;
        (clean ? resume.forget(session()) : resume.end(session())).catch(onFault);
      });

      return {
        claim() {
          claimed ??= resume.claim(user, traits.speaks, connection, isAlive).then((left) => left ?? NOTHING);
          return claimed;
        },
        keep(channel, offset) {
          estate.cursors[channel] = offset;
          return save();
        },
        drop(channel) {
          delete estate.cursors[channel];
          saveLater();
        },
        acknowledged(channel, offset) {
          if ((estate.cursors[channel] ?? offset) >= offset) return;
          estate.cursors[channel] = offset;
          saveLater();
        },
        rooms(rooms) {
          estate.rooms = [...rooms];
          return save();
        },
      };
    },
  };
}
