// What the HTTP API stands on, injected by whoever puts the parts together.
import type { Router } from "express";
import type { Logger } from "pino";
import type { AllowsOrigin } from "../auth/origins.ts";
import type { Revocations } from "../auth/revocations.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Cidr } from "../config/fields.ts";
import type { Limits } from "../config/limits.ts";
import type { VerifyToken } from "../contract/identity.ts";
import type { Log } from "../event-log/event-log.ts";
import type { Broadcast } from "../realtime/broadcast.ts";
import type { Control } from "../realtime/control.ts";
import type { Services } from "../services/services.ts";
import type { Store } from "../store/store.ts";
import type { Metrics } from "./metrics.ts";

/** Everything the API needs. Nothing of it is closed here. */
export interface HttpDependencies {
  readonly verify: VerifyToken;
  readonly revocations: Pick<Revocations, "check" | "revoke">;
  readonly services: Services;
  readonly log: Log;
  readonly store: Store;
  readonly cluster: Cluster;
  readonly broadcast: Broadcast;
  readonly control: Pick<Control, "disconnectUser" | "sessionRegistered">;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly allowsOrigin: AllowsOrigin;
  /** Callers from these networks use `/api/ws/*` without a token. */
  readonly trustedCidrs: readonly Cidr[];
  /** True once the node has been told to stop. */
  readonly draining: () => boolean;
  /** What answers `GET /`, where there is a console page. */
  readonly console?: Router;
}
