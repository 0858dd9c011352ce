// The `/study-time` namespace: heartbeats in, whole seconds of study out.
import { CLOSE } from "../connection/close-codes.ts";
import { roomOf } from "../contract/channel-names.ts";
import { type HeartbeatResponse, studyTime } from "../contract/study-time.ts";
import { isTime } from "../contract/time.ts";
import type { EventLog } from "../event-log/event-log.ts";
import { actions } from "../realtime/actions.ts";
import { closeSocket, isCleanEnd } from "../realtime/closing.ts";
import { type Ending, onEnd } from "../realtime/endings.ts";
import { refresh } from "../realtime/expiry.ts";
import { initSocket, type SocketDependencies } from "../realtime/init-socket.ts";
import type { StudyTimeNamespace, StudyTimeSocket } from "../realtime/types.ts";
import type { Services } from "../services/services.ts";

/** What the namespace works with. `timeoutMs`: without a heartbeat for this long the connection ends. */
export interface StudyTimeDependencies extends SocketDependencies {
  studyTime: Services["studyTime"];
  eventLog: Pick<EventLog, "epoch">;
  timeoutMs: number;
}

const ACTIONS = actions<typeof studyTime, StudyTimeConnection>(studyTime, {
  heartbeat: {
    act: (payload, connection) => connection.heartbeat(payload?.timestamp),
    failed: (connection) => connection.response("error"),
  },
  refresh_token: refresh,
});

/** Serves the namespace. */
export function serveStudyTime(namespace: StudyTimeNamespace, dependencies: StudyTimeDependencies): void {
  namespace.on("connection", (socket) => new StudyTimeConnection(socket, dependencies).begin());
}

/** One connection, which counts for one user and course. */
class StudyTimeConnection implements Ending {
  readonly socket: StudyTimeSocket;
  readonly #dependencies: StudyTimeDependencies;
  readonly #user: string;
  readonly #course: string;
  readonly #opened: ReturnType<Services["studyTime"]["open"]>;
  readonly #timeout: NodeJS.Timeout;
  /** Seconds studied in the course, as far as they were credited. */
  #seconds = 0;
  /** Whether the log has been told of a timestamp that is none. */
  #isNoted = false;

  constructor(socket: StudyTimeSocket, dependencies: StudyTimeDependencies) {
    const { user, course = "" } = socket.data.admission;
    this.socket = socket;
    this.#dependencies = dependencies;
    this.#user = user;
    this.#course = course;
    this.#opened = dependencies.studyTime.open(user, course);
    const noHeartbeat = () => closeSocket(socket, { code: CLOSE.policy, reason: "no heartbeat" });
    this.#timeout = setTimeout(noHeartbeat, dependencies.timeoutMs);
  }

  begin(): void {
    const { socket } = this;
    const { slot, traits } = socket.data.admission;
    socket.data.beforeDrain = () => this.#credit();
    if (traits.speaks === "study-time") socket.data.errorDetail = () => ({ studyTime: this.#seconds });
    onEnd(socket, this);
    initSocket(socket, ACTIONS, this, this.#dependencies, this.#start());
    slot.onChange((state) => {
      if (state !== "active") closeSocket(socket, { code: CLOSE.policy, reason: "replaced" });
    });
    void socket.join([roomOf.user(this.#user), roomOf.study(this.#user, this.#course)]);
  }

  /** A clean end counts up to now; all others up to the last heartbeat, which is credited already. */
  ended(reason: string): void {
    clearTimeout(this.#timeout);
    if (!isCleanEnd(this.socket, reason)) return;
    const { logger } = this.#dependencies;
    this.#credit().catch((error: unknown) => logger.error({ err: error }, "the last credit failed"));
  }

  /** Credits the time up to now, and answers with the sum. The client's own time is never counted by. */
  async heartbeat(timestamp: unknown): Promise<ReturnType<StudyTimeConnection["response"]>> {
    if (timestamp !== undefined && !isTime(timestamp)) this.#noteUnreadable();
    if (this.socket.connected) this.#timeout.refresh(); // it has come, however long the database takes
    await this.#credit();
    return this.response("success");
  }

  /** The answer to a heartbeat, with the seconds that are credited by now. */
  response(status: HeartbeatResponse["status"]): Omit<HeartbeatResponse, "ok" | "error"> {
    return { type: "heartbeat_response", status, studyTime: this.#seconds };
  }

  /** Its client can be mended then; one line is enough. */
  #noteUnreadable(): void {
    if (this.#isNoted) return;
    this.#isNoted = true;
    const { logger } = this.#dependencies;
    logger.info({ user: this.#user, course: this.#course }, "the timestamp of a heartbeat cannot be read as a time");
  }

  async #start(): Promise<void> {
    const { studyTime: total } = await this.#opened;
    this.#seconds = Math.max(this.#seconds, total);
    const { epoch } = this.#dependencies.eventLog;
    this.socket.emit("connected", {
      userId: this.#user,
      courseId: this.#course,
      studyTime: this.#seconds,
      epoch,
    });
  }

  async #credit(): Promise<void> {
    const { connectedAt } = await this.#opened;
    this.#seconds = await this.#dependencies.studyTime.credit(this.#user, this.#course, connectedAt);
  }
}
