// One object for a backend: live sends where it shares the Redis, durable sends where it may call the API, or both.
import { type ApiOptions, createSend } from "./api.ts";
import { createDurableSends, type DurableSends } from "./durable.ts";
import { createLiveSends, type LiveSends, type RedisPublisher } from "./live.ts";

/** What live sends need. The client stays the caller's: nothing here connects or closes it. */
export interface LiveOptions {
  redis: RedisPublisher;
  /** The Redis adapter's key, when the servers changed it. */
  key?: string;
}

/** What durable sends need. */
export interface DurableOptions {
  api: ApiOptions;
}

/**
 * An emitter with the sends that its options allow.
 * @example
 * import { createEmitter } from "classwire/emitter";
 * import { createClient } from "redis";
 *
 * const redis = await createClient({ url: "redis://127.0.0.1:6379" }).connect();
 * const emitter = createEmitter({
 *   redis, // live: heard now, by whoever is connected
 *   api: { url: "https://live.school.example", token: () => "a service token" }, // durable: kept until handled
 * });
 * await emitter.system({ message: "Maintenance at 22:00", level: "info" });
 * await emitter.notify({ userId: "123", title: "Quiz", message: "A new quiz is open" });
 */
export function createEmitter(options: LiveOptions & DurableOptions): LiveSends & DurableSends;
export function createEmitter(options: LiveOptions): LiveSends;
export function createEmitter(options: DurableOptions): DurableSends;
export function createEmitter(options: Partial<LiveOptions & DurableOptions>): Partial<LiveSends & DurableSends> {
  const { redis, key, api } = options;
  if (redis === undefined && api === undefined) throw new TypeError("createEmitter needs redis, api or both");
  return {
    ...(redis === undefined ? {} : createLiveSends(redis, key === undefined ? {} : { key })),
    ...(api === undefined ? {} : createDurableSends(createSend(api), api.deadlineMs)),
  };
}
