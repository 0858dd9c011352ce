// Ephemeral sends through Redis (the standard Socket.IO Redis emitter protocol): heard now, by whoever is there.
import { Emitter } from "@socket.io/redis-emitter";
import { z } from "zod";
import { channelOf, roomOf } from "../contract/channel-names.ts";
import { courseId, roomName, sessionId, userId } from "../contract/ids.ts";
import { jsonObject } from "../contract/json.ts";
import { type DataUpdate, notification, runResult, type SystemMessage } from "../contract/messaging.ts";
import { parse } from "../contract/parse.ts";
import * as events from "./live-events.ts";

/** What is used of a Redis client: `redis` and `ioredis` clients have it. */
export interface RedisPublisher {
  publish(channel: string, message: Buffer): Promise<number>;
}

/** Whom a send is for. Without one of these it is for everyone in `/channels`. */
export type Target = { user: string } | { room: string };

/**
 * Sends that are heard by the connections of this moment, on every node, and are not stored.
 * Each checks its payload first (throws a `Failure`) and resolves with the number of nodes that heard it. It rejects when
 * Redis cannot be reached; a caller that does not care may ignore the promise, which then never ends the process.
 */
export interface LiveSends {
  /**
   * A message of the platform itself.
   * @example
   * await emitter.system({ message: "Maintenance at 22:00", level: "warning" });
   */
  system(message: SystemMessage, to?: Target): Promise<number>;
  /**
   * Something that a page shows has changed.
   * @example
   * const course = { entity: "course", action: "update", id: "go-basics", data: { title: "Go basics" } } as const;
   * await emitter.dataUpdate(course, { room: "class-7" });
   */
  dataUpdate(update: DataUpdate, to?: Target): Promise<number>;
  /**
   * A notification that nobody needs later (`notify` stores it).
   * @example
   * await emitter.notification("123", { title: "Now", message: "Your teacher looks at your screen" });
   */
  notification(user: string, body: z.input<typeof notification>): Promise<number>;
  /**
   * A run result that nobody needs later (`pushRunResult` stores it), or a part of one while the run goes on.
   * @example
   * await emitter.runResult("run-1", { stdout: "1\\n", stderr: "", exitCode: 0, duration: 12 });
   */
  runResult(session: string, result: z.input<typeof runResult>): Promise<number>;
  /**
   * Any event of `/channels` to all connections of a user.
   * @example
   * await emitter.toUser("123", "order_status", { order_id: "o-9", status: "shipped", tracking_no: "SF1" });
   */
  toUser<Event extends events.ChannelsEvent>(
    user: string,
    event: Event,
    payload: events.ChannelsPayload<Event>,
  ): Promise<number>;
  /**
   * Any event of `/channels` to those who have joined a room.
   * @example
   * await emitter.toRoom("class-7", "room_message", { room: "class-7", from: "456", text: "Hello" });
   */
  toRoom<Event extends events.ChannelsEvent>(
    room: string,
    event: Event,
    payload: events.ChannelsPayload<Event>,
  ): Promise<number>;
  /**
   * An event of `/dashboard` to a user. The totals in the database are left as they are (`updateProgress` saves).
   * @example
   * await emitter.toDashboard("123", "progress_updated", {
   *   user_id: 123,
   *   topic_id: "constants",
   *   topic_display_name: "常量",
   *   chapter_id: "boolean-constants",
   *   chapter_display_name: "布尔常量",
   *   completed: true,
   *   timestamp: new Date().toISOString(),
   * });
   */
  toDashboard<Event extends events.DashboardEvent>(
    user: string,
    event: Event,
    payload: events.DashboardPayload<Event>,
  ): Promise<number>;
  /**
   * An event of the platform's own to whoever studies this course as this user.
   * @example
   * await emitter.toStudyTime("123", "go-basics", "reminder", { text: "Take a break" });
   */
  toStudyTime(user: string, course: string, event: string, payload: Record<string, unknown>): Promise<number>;
}

/** Names that Socket.IO keeps for itself, or whose meaning the server alone decides. */
const eventName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, "must be 1 to 64 characters of a-z 0-9 _ -, the first a letter")
  .refine(
    (name) => !["connect", "connect_error", "disconnect", "disconnecting", "close"].includes(name),
    "is reserved",
  );

/** {@link LiveSends} over a Redis client that the caller owns. `key` is the adapter's key, when it was changed. */
export function createLiveSends(redis: RedisPublisher, { key = "socket.io" } = {}): LiveSends {
  function emit(namespace: string, room: string | undefined, event: string, payload: object): Promise<number> {
    let heard: Promise<number> = Promise.resolve(0);
    // The emitter drops what publish() returns: kept here, so that an outage is an answer and not a crash.
    const tap = {
      publish: (channel: string, message: Buffer): void => {
        heard = (async () => redis.publish(channel, message))();
      },
    };
    const emitter = new Emitter(tap, { key }, namespace);
    if (room === undefined) emitter.emit(event, payload);
    else emitter.to(room).emit(event, payload);
    heard.catch(ignored);
    return heard;
  }

  const toChannels = (room: string | undefined, event: events.ChannelsEvent, payload: unknown): Promise<number> =>
    emit("/channels", room, event, events.channelsPayload(event, payload, Date.now()));

  const targetRoom = (to: Target | undefined): string | undefined =>
    to === undefined ? undefined : "user" in to ? userRoom(to.user) : namedRoom(to.room);

  return {
    system: (message: SystemMessage, to) => toChannels(targetRoom(to), "system", message),
    dataUpdate: (update, to) => toChannels(targetRoom(to), "data_update", update),
    notification(user, body) {
      const channel = channelOf.notifications(parse(userId, user, "user"));
      const data = parse(notification, body);
      return emit("/channels", channel, "notifications", { channel, data, timestamp: Date.now() });
    },
    runResult(session, result) {
      const channel = channelOf.runResults(parse(sessionId, session, "session"));
      const data = parse(runResult, result);
      return emit("/channels", channel, "run-results", { channel, data, timestamp: Date.now() });
    },
    toUser: (user, event, payload) => toChannels(userRoom(user), event, payload),
    toRoom: (room, event, payload) => toChannels(namedRoom(room), event, payload),
    toDashboard: (user, event, payload) =>
      emit("/dashboard", userRoom(user), event, events.dashboardPayload(event, payload)),
    toStudyTime(user, course, event, payload) {
      const room = roomOf.study(parse(userId, user, "user"), parse(courseId, course, "course"));
      return emit("/study-time", room, parse(eventName, event, "event"), parse(jsonObject, payload));
    },
  };
}

function userRoom(user: string): string {
  return roomOf.user(parse(userId, user, "user"));
}

function namedRoom(room: string): string {
  return channelOf.room(parse(roomName, room, "room"));
}

/** The caller has the same promise, and with it the error. */
function ignored(): void {}
