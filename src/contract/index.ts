// `classwire/protocol`: the whole wire, for servers and typed clients.
export * from "./acks.ts";
export * from "./api.ts";
export * from "./channel-names.ts";
export * from "./channels.ts";
export * from "./dashboard.ts";
export * from "./durable.ts";
export * from "./errors.ts";
export * from "./identity.ts";
export * from "./ids.ts";
export * from "./json.ts";
export * from "./messaging.ts";
export * from "./parse.ts";
export * from "./study-time.ts";
export * from "./time.ts";
