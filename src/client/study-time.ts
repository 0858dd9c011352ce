// The handle of `/study-time`: heartbeats that count, while somebody is there.
import type { HeartbeatResponse, StudyTimeServerEvents } from "../contract/study-time.ts";
import { toClasswireError } from "./errors.ts";
import { type ArgumentsOf, Events, type Listener } from "./events.ts";
import type { LifecycleEvents, State } from "./lifecycle.ts";
import type { Context } from "./options.ts";
import { Session } from "./session.ts";
import { Alarm } from "./timers.ts";
import type { Visibility } from "./visibility.ts";

/** Events of study time, with their arguments. */
export type StudyTimeEvents = ArgumentsOf<
  StudyTimeServerEvents &
    Omit<LifecycleEvents, "unrecovered"> & {
      /** The server has counted up to now; `studyTime` is whole seconds over all connections and days. */
      tick: (report: { studyTime: number }) => void;
    }
>;

/** Study of one course. */
export interface StudyTimeClient {
  readonly state: State;
  /** Whole seconds, as the server last said; what it has said is saved. Undefined before the first connection. */
  readonly studyTime: number | undefined;
  /**
   * Adds a listener; returns how to take it away.
   * @example
   * study.on("tick", ({ studyTime }) => console.log(`${Math.floor(studyTime / 60)} minutes`));
   */
  on<Event extends keyof StudyTimeEvents>(event: Event, listener: Listener<StudyTimeEvents[Event]>): () => void;
  /**
   * Counts up to this moment; → whole seconds.
   * @example
   * console.log(`${await study.heartbeat()} s are saved`);
   */
  heartbeat(): Promise<number>;
  /**
   * Disconnects cleanly, which counts up to this moment.
   * @example
   * await study.close();
   */
  close(): Promise<void>;
}

/** The server ends a connection after 60 s of silence. */
const HEARTBEAT_MS = 30_000;

/**
 * Studies a course: connects to `/study-time` and sends a heartbeat every 30 s. While nobody sees the page it is
 * disconnected, cleanly, so that the time up to then counts and the time in the background does not.
 */
export function createStudyTime(context: Context, courseId: string, visibility: Visibility): StudyTimeClient {
  const events = new Events<StudyTimeEvents>();
  const alarm = new Alarm();
  let studyTime: number | undefined;

  const fail = (error: unknown, event: string): void => {
    events.emit("listener_error", [{ error, event, attempt: 1, skipped: true }], () => undefined); // nobody else to tell
  };
  const emit = <Event extends keyof StudyTimeEvents>(event: Event, args: StudyTimeEvents[Event]): void =>
    events.emit(event, args, (error) => fail(error, event));

  function counted(seconds: number): number {
    studyTime = Math.max(seconds, studyTime ?? 0);
    return studyTime;
  }

  async function heartbeat(): Promise<number> {
    const { studyTime: seconds } = await session.request<HeartbeatResponse>("heartbeat", {
      timestamp: new Date().toISOString(),
    });
    const total = counted(seconds);
    emit("tick", [{ studyTime: total }]);
    return total;
  }

  function beat(): void {
    alarm.after(HEARTBEAT_MS, () => {
      if (session.state !== "connected") return; // the next connection starts over
      beat();
      heartbeat().catch((error: unknown) => {
        // One that got no answer shows a connection that is not what it seems.
        if (toClasswireError(error, "SERVER_ERROR").code === "TIMEOUT") session.restart("a heartbeat was not answered");
      });
    });
  }

  const session: Session = new Session({
    ...context,
    namespace: "/study-time",
    handshake: async () => ({ courseId }),
    async onConnected() {
      beat();
    },
    onEvent(event, [payload]) {
      const isTotal =
        event === "connected" && typeof payload === "object" && payload !== null && "studyTime" in payload;
      if (isTotal && typeof payload.studyTime === "number") counted(payload.studyTime);
      if (isWireEvent(event)) emit(event, [payload] as never);
    },
    report: (event, args) => emit(event, args as never),
  });

  const applyVisibility = (): void => (visibility.visible() ? session.start() : session.pause());
  const stopWatching = visibility.onChange(applyVisibility);
  applyVisibility();

  return {
    get state() {
      return session.state;
    },
    get studyTime() {
      return studyTime;
    },
    on: (event, listener) => events.on(event, listener),
    heartbeat,
    async close() {
      stopWatching();
      alarm.cancel();
      session.close();
    },
  };
}

function isWireEvent(event: string): event is keyof StudyTimeServerEvents {
  return event === "connected" || event === "close" || event === "error";
}
