// What the `/channels` namespace works with.
import type { Cluster } from "../../cluster/cluster.ts";
import type { Limits } from "../../config/limits.ts";
import type { EventLog } from "../../event-log/event-log.ts";
import type { Control } from "../../realtime/control.ts";
import type { SocketDependencies } from "../../realtime/init-socket.ts";
import type { SubscriptionDependencies } from "../../realtime/streams/subscription.ts";
import type { RealtimeTimes } from "../../realtime/times.ts";
import type { Services } from "../../services/services.ts";
import type { SessionResumptions } from "../session-resumption.ts";

/** What the namespace works with. */
export interface ChannelsDependencies extends SocketDependencies {
  cluster: Cluster;
  control: Control;
  eventLog: EventLog;
  streams: SubscriptionDependencies;
  messages: Services["messages"];
  runSessions: Services["runSessions"];
  resumptions: SessionResumptions;
  limits: Limits;
  times: RealtimeTimes;
  onFault: (error: unknown) => void;
}
