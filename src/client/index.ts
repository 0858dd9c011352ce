// `classwire/client`: a small typed client that forgets nothing and says nothing twice.
export type { BackoffOptions } from "./backoff.ts";
export type { ChannelsClient, ChannelsEvents } from "./channels.ts";
export { type Client, createClient } from "./create-client.ts";
export type { DashboardClient, DashboardEvents } from "./dashboard.ts";
export { ClasswireError, type ClientErrorCode } from "./errors.ts";
export type { LifecycleEvents, State } from "./lifecycle.ts";
export type { MessageOptions } from "./messages.ts";
export { channelOf } from "./names.ts";
export type { ClientOptions } from "./options.ts";
export { memoryStorage, type OffsetStorage, type WebStorage, webStorage } from "./storage.ts";
export type { StudyTimeClient, StudyTimeEvents } from "./study-time.ts";
export type { TokenSource } from "./tokens.ts";
export { pageVisibility, type Visibility } from "./visibility.ts";
