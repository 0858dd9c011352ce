// Clients that write down what they get: Socket.IO with `since` and epoch, raw ones that go on where their connection was cut.
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { signToken } from "../support/tokens.ts";
import type { Recorder, Untimed } from "./files.ts";
import { type Delivered, hashOf, numberOf, type Promised } from "./records.ts";

/** What a client writes down for one event that it got. A fault that is planted to see it found turns it into others, or into none. */
export type Tap = (delivered: Untimed<Delivered>) => readonly Untimed<Delivered>[];

/** A client of one user, subscribed to that user's notifications. */
export interface RecordingClient {
  readonly name: string;
  readonly user: string;
  readonly channel: string;
  readonly promised: Promised;
  /** Events it has got so far, those that came again included. */
  readonly received: number;
  /** Of a Socket.IO client, the offset of the last event; of a raw one, how many different events it has got. */
  readonly position: number;
  isConnected(): boolean;
  /** Breaks its connection, as a network would; it comes back. */
  cut(): void;
  close(): void;
}

/** Where a client connects to, and how it is recorded. */
export interface ClientOptions {
  readonly url: string;
  readonly user: string;
  readonly name: string;
  readonly recorder: Recorder;
  readonly tap?: Tap;
}

/** Ends with the run, not before. */
const TOKEN_SECONDS = 24 * 3600;
/** A client acknowledges every so many events. */
const ACK_EVERY = 50;

const straight: Tap = (delivered) => [delivered];

/** What the events of `notifications` hold of a message. */
interface Notification {
  readonly title: string;
  readonly message: string;
}

/** The content of a message as it is hashed: everything that the publisher has said. */
export function hashOfNotification({ title, message }: Notification): number {
  return hashOf(`${title}\n${message}`);
}

/** A Socket.IO client. It comes back by itself, with the offset and the epoch that it has. */
export function connectSocket({ url, user, name, recorder, tap = straight }: ClientOptions): RecordingClient {
  const channel = `notifications/${user}`;
  const socket = io(`${url}/channels`, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 1000,
    auth: { token: signToken(user, { expiresIn: TOKEN_SECONDS }) },
  });
  let [connection, received, position, subscribed, isOpen, over] = [0, 0, 0, false, false, false];
  let epoch: string | undefined;
  /** The epoch of the connection of now, which `position` is of from the answer to the subscription on. */
  let current: string | undefined;
  const end = (): void => {
    if (isOpen) recorder.note({ kind: "closed", client: name, connection });
    isOpen = false;
    subscribed = false;
  };
  const subscribe = (): void => {
    const [asked, of] = [connection, current];
    const since = epoch === undefined ? {} : { since: position, epoch };
    socket.emit("subscribe", { channel, ...since }, (answer: SubscribedAnswer) => {
      if (asked !== connection || !isOpen) return;
      if (!answer.ok) {
        void sleep(200).then(() => asked === connection && socket.connected && subscribe());
        return;
      }
      const { offset, replayed, recovered } = answer;
      const ofEpoch = of === undefined ? {} : { epoch: of };
      const from = since.since === undefined ? {} : { since: since.since };
      recorder.note({ kind: "subscribed", client: name, channel, offset, replayed, recovered, ...from, ...ofEpoch });
      if (!recovered || epoch === undefined) position = offset - replayed;
      epoch = of;
      subscribed = true;
    });
  };
  socket.on("connected", (said: { epoch: string }) => {
    connection++;
    isOpen = true;
    current = said.epoch;
    recorder.note({ kind: "opened", client: name, connection, user, namespace: "/channels", promised: "once" });
    subscribe();
  });
  socket.on("notifications", ({ data }: { data: Notification }, meta: Meta) => {
    if (meta.channel !== channel) return;
    received++;
    position = meta.offset;
    const { offset, id } = meta;
    const number = numberOf(data.message);
    const hash = hashOfNotification(data);
    const ofEpoch = current === undefined ? {} : { epoch: current };
    for (const one of tap({
      kind: "delivered",
      client: name,
      connection,
      channel,
      number,
      hash,
      offset,
      id,
      ...ofEpoch,
    }))
      recorder.note(one);
    if (received % ACK_EVERY !== 0) return;
    socket.emit("ack", { channel, offset }, ({ ok }: { ok: boolean }) => {
      if (ok) recorder.note({ kind: "acked", client: name, channel, offset });
    });
  });
  /** The server has closed the connection, or refused it: a drain, another epoch, a full node. */
  const comeBack = (): void => {
    if (!socket.active) setTimeout(() => over || socket.connect(), 300);
  };
  socket.on("disconnect", () => {
    end();
    comeBack();
  });
  socket.on("connect_error", comeBack);
  return {
    name,
    user,
    channel,
    promised: "once",
    get received() {
      return received;
    },
    get position() {
      return position;
    },
    isConnected: () => subscribed,
    cut: () => void socket.io.engine?.close(),
    close() {
      over = true;
      end();
      socket.removeAllListeners();
      socket.close();
    },
  };
}

interface Meta {
  readonly channel: string;
  readonly offset: number;
  readonly id: string;
}

type SubscribedAnswer = { ok: false } | { ok: true; offset: number; replayed: number; recovered: boolean };

/** Dialects that tell a raw client of notifications: one is asked for them, the other tells of them by itself. */
const DIALECTS = [
  {
    path: "/",
    subscribes: true,
    contentOf: (frame: RawFrame) => (frame.type === "notifications" ? frame.data : undefined),
  },
  {
    path: "/ws",
    subscribes: false,
    contentOf: ({ type, content }: RawFrame) =>
      type === "notification" && content !== undefined ? { title: content.title, message: content.body } : undefined,
  },
] as const;

interface RawFrame {
  readonly type: string;
  readonly data?: Notification;
  readonly content?: { title: string; body: string };
}

/** A raw client. It comes back as the documented clients do, and says no offset. `dialect` is 0 (channels) or 1 (gateway). */
export function connectRaw(options: ClientOptions & { dialect?: number }): RecordingClient {
  const { url, user, name, recorder, tap = straight } = options;
  const channel = `notifications/${user}`;
  const dialect = DIALECTS[(options.dialect ?? 0) % DIALECTS.length] ?? DIALECTS[0];
  const token = signToken(user, { expiresIn: TOKEN_SECONDS });
  const subscribe = JSON.stringify({ type: "subscribe", channel });
  const got = new Set<number>();
  let [connection, received, over, isOpen] = [0, 0, false, false];
  let ws: WebSocket;
  const open = (): void => {
    ws = new WebSocket(`${url.replace("http", "ws")}${dialect.path}?token=${token}`, { handshakeTimeout: 10_000 });
    const its = ws;
    ws.on("open", () => {
      connection++;
      isOpen = true;
      const namespace = `raw ${dialect.path}`;
      recorder.note({ kind: "opened", client: name, connection, user, namespace, promised: "at-least-once" });
      // It hears from the oldest event on.
      if (connection === 1)
        recorder.note({ kind: "subscribed", client: name, channel, offset: 0, replayed: 0, recovered: true });
      if (dialect.subscribes) its.send(subscribe);
    });
    ws.on("message", (data) => {
      const frame = JSON.parse(String(data)) as RawFrame;
      // The server could not do it just then: the connection stays open, and it is for the client to ask again.
      if (frame.type === "error" && dialect.subscribes)
        setTimeout(() => its.readyState === WebSocket.OPEN && its.send(subscribe), 500);
      const content = dialect.contentOf(frame);
      if (content === undefined || over) return;
      received++;
      const number = numberOf(content.message);
      got.add(number);
      const hash = hashOfNotification(content);
      for (const one of tap({ kind: "delivered", client: name, connection, channel, number, hash })) recorder.note(one);
    });
    ws.on("error", () => undefined);
    ws.on("close", () => {
      if (isOpen) recorder.note({ kind: "closed", client: name, connection });
      isOpen = false;
      if (!over) setTimeout(() => over || open(), 100 + Math.random() * 300);
    });
  };
  open();
  return {
    name,
    user,
    channel,
    promised: "at-least-once",
    get received() {
      return received;
    },
    get position() {
      return got.size;
    },
    isConnected: () => isOpen,
    cut: () => ws.terminate(),
    close() {
      over = true;
      ws.close(1000);
    },
  };
}
