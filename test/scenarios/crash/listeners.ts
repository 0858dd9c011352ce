// Listeners across crashes: subscribers that recover by `since`, and study-time clients that remember what was acknowledged.
import { io, type Socket } from "socket.io-client";
import { checkEvents } from "../../support/check-events.ts";
import { signToken } from "../../support/tokens.ts";

const FAST = { transports: ["websocket"], reconnectionDelay: 50, reconnectionDelayMax: 200, forceNew: true };

/** A subscriber to a user's notifications. */
export interface Subscriber {
  readonly user: string;
  /** The offsets as they came. */
  readonly offsets: number[];
  close(): void;
}

/** Subscribes for good: after every reconnect with the last offset it has seen. */
export function subscribe(url: string, user: string): Subscriber {
  const offsets: number[] = [];
  const channel = `notifications/${user}`;
  const socket = io(`${url}/channels`, { ...FAST, auth: { token: signToken(user) } });
  checkEvents(socket, "/channels");
  socket.on("connected", () => socket.emit("subscribe", { channel, since: offsets.at(-1) ?? 0 }, () => undefined));
  socket.on("notifications", (_payload, meta: { channel: string; offset: number }) => {
    if (meta.channel === channel) offsets.push(meta.offset);
  });
  return { user, offsets, close: () => socket.close() };
}

/** A study-time client. */
export interface Student {
  readonly user: string;
  readonly course: string;
  /** The highest total that the server has acknowledged, in seconds. */
  readonly acknowledged: number;
  close(): void;
}

/** Studies for good, with a heartbeat every `everyMs`. */
export function study(url: string, user: string, everyMs: number): Student {
  const course = "c1";
  let acknowledged = 0;
  const socket: Socket = io(`${url}/study-time`, { ...FAST, auth: { token: signToken(user), courseId: course } });
  checkEvents(socket, "/study-time");
  const timer = setInterval(() => {
    if (!socket.connected) return;
    socket.timeout(5000).emit("heartbeat", {}, (error: Error | null, answer?: { ok: boolean; studyTime: number }) => {
      if (error === null && answer?.ok === true) acknowledged = Math.max(acknowledged, answer.studyTime);
    });
  }, everyMs);
  return {
    user,
    course,
    get acknowledged() {
      return acknowledged;
    },
    close() {
      clearInterval(timer);
      socket.close();
    },
  };
}
