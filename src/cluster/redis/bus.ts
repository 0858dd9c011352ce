// The bus over Redis pub/sub.
import { crc32 } from "node:zlib";
import type { Bus, BusListener } from "../bus.ts";
import type { ClusterLog, MessageFaults } from "../cluster.ts";
import { Listeners } from "../listeners.ts";
import type { RedisClients } from "./clients.ts";
import { isDeepJson } from "./nesting-depth.ts";
import type { RedisSession } from "./redis-session.ts";
import { words } from "./replies.ts";

/** A batch leaves at once when it has this many characters, so that one tick never makes one huge message. */
const MAX_BATCH = 256 * 1024;

/** The last message of a batch is its checksum; nodes that do not know it hear of a topic that they have no listener for. */
const checksum = (text: string | Buffer): string => `,["checksum","${crc32(text).toString(16).padStart(8, "0")}"]]]`;
const CHECKSUM = Buffer.from(',["checksum","');
const CHECKSUM_BYTES = checksum("").length;

/** False where a bit of it is not as it was sent. A batch without a checksum is one of an earlier version. */
const isIntact = (payload: Buffer): boolean => {
  const at = payload.length - CHECKSUM_BYTES;
  if (at < 0 || !payload.subarray(at, at + CHECKSUM.length).equals(CHECKSUM)) return true;
  return checksum(payload.subarray(0, at)) === payload.toString("latin1", at);
};

/** What arrives: the sending node and its messages, or undefined for anything else. */
const parse = (payload: string): { from: string; messages: [string, unknown][] } | undefined => {
  let batch: unknown;
  try {
    batch = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(batch) || batch.length !== 2) return undefined;
  const [from, messages]: unknown[] = batch;
  if (typeof from !== "string" || !Array.isArray(messages)) return undefined;
  const valid = messages.every((one: unknown) => Array.isArray(one) && one.length === 2 && typeof one[0] === "string");
  return valid ? { from, messages } : undefined;
};

/** The bus of a node, and how it ends. */
export type RedisBus = Bus & { flush(): void; close(): void };

/** One PUBLISH per tick: `["<node>",[["<topic>",<message>],…,["checksum","<crc32 of what stands before>"]]]`. */
export const createRedisBus = (
  redis: RedisSession,
  clients: RedisClients,
  faults: MessageFaults,
  logger: ClusterLog | undefined,
): RedisBus => {
  const onFailure = (err: unknown): void => logger?.warn({ err }, "a listener of the bus failed");
  const topics = new Map<string, Listeners<{ message: unknown; from: string }>>();
  const reconnects = new Listeners<"again">();
  let batch: string[] = [];
  let size = 0;

  const flush = () => {
    const messages = batch;
    batch = [];
    size = 0;
    if (messages.length === 0) return;
    const text = `["${redis.node}",[${messages.join()}`;
    clients.publisher.publish(redis.keys.bus, text + checksum(text));
  };
  const receive = (payload: Buffer) => {
    const parsed = isDeepJson(payload) || !isIntact(payload) ? undefined : parse(payload.toString());
    if (parsed === undefined) {
      faults.malformed();
      return;
    }
    const { from, messages } = parsed;
    if (from === redis.node) return;
    for (const [topic, message] of messages) topics.get(topic)?.tell({ message, from });
  };
  clients.subscriber.subscribe("channel", redis.keys.bus, receive);
  const stop = clients.onReconnect(() => reconnects.tell("again"));

  return {
    publish: (topic, message) => {
      let text: string;
      try {
        text = JSON.stringify([topic, message]);
      } catch {
        faults.dropped(); // a cycle or a bigint: the caller's mistake, which must not become an outage
        return;
      }
      if (batch.length === 0) setImmediate(flush);
      batch.push(text);
      size += text.length;
      if (size > MAX_BATCH) flush();
    },
    subscribe: (topic, listener: BusListener) => {
      const listeners = topics.get(topic) ?? new Listeners(onFailure);
      topics.set(topic, listeners);
      const remove = listeners.add(({ message, from }) => listener(message, from));
      return () => {
        remove();
        if (listeners.size() === 0 && topics.get(topic) === listeners) topics.delete(topic);
      };
    },
    onReconnect: (listener) => reconnects.add(listener),
    nodes: () =>
      redis.decide(
        () =>
          redis.call("nodes", redis.keys.nodes, [], (reply) => {
            const nodes = words(reply).map((session) => session.slice(0, session.indexOf(".")));
            return [...new Set([...nodes, redis.node])].sort();
          }),
        () => [redis.node],
      ),
    flush,
    close: () => {
      stop();
      topics.clear();
      reconnects.clear();
      clients.subscriber.unsubscribe("channel", redis.keys.bus, receive);
    },
  };
};
