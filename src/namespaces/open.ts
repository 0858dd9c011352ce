// Opening the three namespaces, each behind the same authentication.
import type { Server } from "socket.io";
import type { Admit } from "../realtime/admission.ts";
import { authenticate } from "../realtime/authentication.ts";
import { ConnectOrder } from "../realtime/connect-order.ts";
import { createNamespaceSlots, trackAllNamespaces } from "../realtime/namespace-slots.ts";
import type { OnRefused } from "../realtime/refusals.ts";
import type { AnyNamespace, ChannelsNamespace, DashboardNamespace, StudyTimeNamespace } from "../realtime/types.ts";
import { checkResume } from "./dashboard.ts";

/** The three namespaces. */
export interface Namespaces {
  readonly dashboard: DashboardNamespace;
  readonly channels: ChannelsNamespace;
  readonly studyTime: StudyTimeNamespace;
  /** All of them, for what is the same everywhere. */
  readonly all: readonly AnyNamespace[];
}

/** What opening them takes. */
export interface OpenNamespacesOptions {
  admit: Admit;
  /** A connection that has joined none of them is closed after this time, in milliseconds. */
  joinWithinMs: number;
  onRefused: OnRefused;
  /** Resolves when it is a new socket's turn to be let in. */
  turn: () => Promise<void>;
}

/** Opens the namespaces; what they do is served later. */
export function openNamespaces(io: Server, options: OpenNamespacesOptions): Namespaces {
  const { admit, joinWithinMs, onRefused, turn } = options;
  const slots = createNamespaceSlots(joinWithinMs);
  const connects = new ConnectOrder();
  trackAllNamespaces(io, slots);
  const dashboard: DashboardNamespace = io.of("/dashboard");
  const channels: ChannelsNamespace = io.of("/channels");
  const studyTime: StudyTimeNamespace = io.of("/study-time");
  const all = [dashboard, channels, studyTime];
  const shared = { admit, slots, connects, onRefused, turn };
  for (const namespace of all) authenticate(namespace, namespace === dashboard ? { ...shared, checkResume } : shared);
  return { dashboard, channels, studyTime, all };
}
