// `classwire/emitter`: what backends send, checked and typed.
export { Failure } from "../contract/errors.ts";
export type { ApiOptions, CallOptions } from "./api.ts";
export type { BatchResult, BatchResults } from "./batch.ts";
export { type ApiCall, calls } from "./calls.ts";
export { createEmitter, type DurableOptions, type LiveOptions } from "./create-emitter.ts";
export type { DurableSends } from "./durable.ts";
export { PublishError } from "./errors.ts";
export type { LiveSends, RedisPublisher, Target } from "./live.ts";
export type { ChannelsEvent, ChannelsPayload, DashboardEvent, DashboardPayload } from "./live-events.ts";
