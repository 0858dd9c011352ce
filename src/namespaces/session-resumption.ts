// Session resumption: a raw client does not ask for what it missed, so its next connection goes on where this one was cut.
import type { AnySocket } from "../realtime/types.ts";
import type { ResumableSession, ResumableSessions, ResumedState } from "../services/session-resumption.ts";

/** One connection's part in it. All of it does nothing for clients that recover by themselves. */
export interface SessionResumption {
  /** What the user's last cut connection of this dialect left, once. */
  claim(): Promise<ResumedState>;
  /** A channel is heard from `offset` on, unless the client is known to have less of it. Resolves when that is kept. */
  keep(channel: string, offset: number): Promise<void>;
  /** A channel is not heard any more. */
  drop(channel: string): void;
  /** The client has everything up to `offset`. */
  acknowledged(channel: string, offset: number): void;
  /** A room is joined. Resolves when that is kept. */
  entered(room: string): Promise<void>;
  /** A room is left. Resolves when that is kept. */
  left(room: string): Promise<void>;
}

/** Gives each connection its part. */
export interface SessionResumptions {
  of(socket: AnySocket): SessionResumption;
}

const NOTHING: ResumedState = { rooms: [], cursors: {} };
const NO_RESUMPTION: SessionResumption = {
  claim: async () => NOTHING,
  keep: async () => undefined,
  drop: () => undefined,
  acknowledged: () => undefined,
  entered: async () => undefined,
  left: async () => undefined,
};
/** Acks come often, and one that is lost only repeats an event: they are saved so much later, together. */
const LATER_MS = 1000;

/** Makes the resumptions of one node. `isAlive` asks whether a connection still lives on the node that kept it. */
export function createSessionResumptions(
  sessions: ResumableSessions,
  node: string,
  isAlive: (connection: string, node: string) => Promise<boolean>,
  onFault: (error: unknown) => void,
): SessionResumptions {
  return {
    of(socket) {
      const { admission } = socket.data;
      if (!admission.traits.resumes || admission.liveOnly) return NO_RESUMPTION;
      const { connection, user, traits } = admission;
      const rooms = new Set<string>();
      const cursors: Record<string, number> = {};
      let claimed: Promise<ResumedState> | undefined;
      let saving: Promise<void> | undefined;
      let later: NodeJS.Timeout | undefined;

      const session = (): ResumableSession => ({
        id: connection,
        user,
        dialect: traits.speaks,
        node,
        rooms: [...rooms],
        cursors: { ...cursors },
      });
      /** Whatever changes in one turn of the event loop is saved together. */
      const save = (): Promise<void> => {
        saving ??= Promise.resolve().then(async () => {
          saving = undefined;
          if (socket.connected) await sessions.save(session());
        });
        return saving;
      };
      const saveLater = (): void => {
        later ??= setTimeout(() => {
          later = undefined;
          save().catch(onFault);
        }, LATER_MS);
      };

      /** What is on its way to this connection has to arrive before it can be left to the next one. */
      const end = async (clean: boolean): Promise<void> => {
        await claimed?.catch(() => undefined);
        await (clean ? sessions.forget(session()) : sessions.end(session()));
      };
      socket.once("disconnect", () => {
        clearTimeout(later);
        end(socket.data.connection.endedCleanly).catch(onFault);
      });

      return {
        claim() {
          claimed ??= sessions.claim(user, traits.speaks, connection, isAlive).then((left = NOTHING) => {
            for (const room of left.rooms) rooms.add(room);
            Object.assign(cursors, left.cursors);
            return left;
          });
          return claimed;
        },
        keep(channel, offset) {
          cursors[channel] = Math.min(offset, cursors[channel] ?? offset);
          return save();
        },
        drop(channel) {
          delete cursors[channel];
          saveLater();
        },
        acknowledged(channel, offset) {
          if ((cursors[channel] ?? offset) >= offset) return;
          cursors[channel] = offset;
          saveLater();
        },
        entered(room) {
          rooms.add(room);
          return save();
        },
        left(room) {
          rooms.delete(room);
          return save();
        },
      };
    },
  };
}
