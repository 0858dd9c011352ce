// The `/study-time` namespace: heartbeats in, whole seconds of study out.

import { CLOSE } from "../connection/traits.ts";
import { roomOf } from "../contract/channel-names.ts";
import { heartbeat } from "../contract/study-time.ts";
import { closeSocket, isCleanEnd } from "../realtime/closing.ts";
import { refresh } from "../realtime/expiry.ts";
import { type Actions, action } from "../realtime/handler.ts";
import { initSocket, type SocketDependencies } from "../realtime/init-socket.ts";
import type { AnyNamespace, AnySocket } from "../realtime/types.ts";
import type { Services } from "../services/services.ts";

/** What the namespace works with. `timeoutMs`: no heartbeat for so long ends the connection. */
export interface StudyTimeDependencies extends SocketDependencies {
  studyTime: Services["studyTime"];
  epoch: string;
  timeoutMs: number;
}

/** What the events of one connection work with. */
interface Study {
  socket: AnySocket;
  /** Counts up to now, and answers with it. */
  beat: () => Promise<object>;
  /** What is said besides when that fails. */
  failed: () => object;
}

const ACTIONS: Actions<Study> = {
  // Nothing at all is a heartbeat, too.
  heartbeat: action(
    heartbeat.optional(),
    (_payload, { beat }) => beat(),
    ({ failed }) => failed(),
  ),
  refresh_token: refresh,
};

/** Serves the namespace. */
export function serveStudyTime(namespace: AnyNamespace, dependencies: StudyTimeDependencies): void {
  namespace.on("connection", (socket) => study(socket, dependencies));
}

function study(socket: AnySocket, dependencies: StudyTimeDependencies): void {
  const { studyTime, timeoutMs, epoch } = dependencies;
  const { user, course = "", slot, traits } = socket.data.admission;
  let seconds = 0;
  const opened = studyTime.open(user, course);

  const timer = setTimeout(() => closeSocket(socket, { code: CLOSE.policy, reason: "no heartbeat" }), timeoutMs);
  const credit = async (): Promise<void> => {
    const { connectedAt } = await opened;
    seconds = await studyTime.credit(user, course, connectedAt);
  };
  const context: Study = {
    socket,
    async beat() {
      if (socket.connected) timer.refresh(); // it has come, however long the database takes
      await credit();
      return { type: "heartbeat_response", status: "success", studyTime: seconds };
    },
    failed: () => ({ type: "heartbeat_response", status: "error", studyTime: seconds }),
  };

  socket.data.beforeDrain = credit;
  if (traits.speaks === "study-time") socket.data.errorDetail = () => ({ studyTime: seconds });
  socket.once("disconnect", (reason) => {
    clearTimeout(timer);
    // A clean end counts up to now; all others up to the last heartbeat, which is credited already.
    if (isCleanEnd(socket, reason))
      credit().catch((error: unknown) => dependencies.logger.error({ err: error }, "the last credit failed"));
  });
  const ready = opened.then(({ studyTime: total }) => {
    seconds = Math.max(seconds, total);
    socket.emit("connected", { userId: user, courseId: course, studyTime: seconds, epoch });
  });
  initSocket(socket, ACTIONS, context, dependencies, ready);
  slot.onChange((state) => {
    if (state !== "active") closeSocket(socket, { code: CLOSE.policy, reason: "replaced" });
  });
  void socket.join([roomOf.user(user), roomOf.study(user, course)]);
}
