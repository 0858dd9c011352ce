// Many users, half of the platform each: clients that come back by themselves when they are cut off, and a backend that publishes.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";
import { WebSocket } from "ws";
import { checkEvents } from "../support/check-events.ts";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";

/** A client of one user: the numbers that it has heard, in the order in which it has. */
interface Member {
  readonly user: string;
  readonly kind: "socket.io" | "raw";
  readonly heard: number[];
  isConnected(): boolean;
  /** When it last lost its connection and when it last came back (`performance.now()`). */
  lostAt: number;
  backAt: number;
  close(): void;
}

/** What a fleet has to say in the end. */
export interface FleetReport {
  readonly published: number;
  /** Publications that had to be repeated because a node went away. */
  readonly repeated: number;
  readonly missing: number;
  /** Events that a Socket.IO client heard twice or out of order. */
  readonly disordered: number;
  /** Events that raw clients heard again: at least once is what they are promised. */
  readonly again: number;
}

/** Many clients of one address. */
export interface Fleet {
  connected(): number;
  /** How long the slowest client took to come back after it was last cut, in milliseconds. */
  slowestReturn(): number;
  /** Publishes to one of the users after the other, so many a second, until `finish`. */
  publish(perSecond: number): void;
  /** Stops publishing, waits until everything has arrived or 15 s have passed, and says how it went. */
  finish(): Promise<FleetReport>;
  close(): void;
}

/** Connects `size` clients, two of three by Socket.IO (they say `since`), the third raw (it resumes). Resolves when all are in. */
export async function launchFleet(url: string, size: number): Promise<Fleet> {
  const name = `fleet-${randomUUID()}`; // another fleet of the same cluster is other users
  const members = Array.from({ length: size }, (_, index) =>
    index % 3 === 2 ? rawMember(url, `${name}-${index}`) : socketMember(url, `${name}-${index}`),
  );
  const connected = () => members.filter((member) => member.isConnected()).length;
  await eventually(() => connected() === size, { timeoutMs: 120_000, everyMs: 100, what: "the whole fleet being in" });
  for (const member of members) member.lostAt = 0; // what happened at the launch does not count
  const sent = new Map<string, number[]>();
  let [published, repeated, running] = [0, 0, true];
  const publishers: Promise<void>[] = [];

  async function send(index: number): Promise<void> {
    const user = members[index % size]?.user ?? "";
    const body = JSON.stringify({ userId: user, title: "fleet", message: `#${index}` });
    const headers = {
      authorization: `Bearer ${signToken({ sub: "1", role: "service" })}`,
      "content-type": "application/json",
      "idempotency-key": `${name}-${index}`,
    };
    for (let attempt = 0; attempt < 100; attempt++) {
      const status = await fetch(`${url}/api/v1/notifications`, { method: "POST", headers, body }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      if (status === 201) {
        published++;
        sent.set(user, [...(sent.get(user) ?? []), index]);
        return;
      }
      repeated++;
      await sleep(100);
    }
    throw new Error(`notification ${index} could not be published`);
  }

  return {
    connected,
    slowestReturn: () => Math.max(0, ...members.map(({ lostAt, backAt }) => (lostAt === 0 ? 0 : backAt - lostAt))),
    publish(perSecond) {
      publishers.push(
        (async () => {
          for (let index = 0; running; index++) {
            publishers.push(send(index));
            await sleep(1000 / perSecond);
          }
        })(),
      );
    },
    async finish() {
      running = false;
      await publishers[0];
      await Promise.all(publishers);
      const missing = () =>
        members.reduce((sum, { user, heard }) => {
          const known = new Set(heard);
          return sum + (sent.get(user) ?? []).filter((number) => !known.has(number)).length;
        }, 0);
      await eventually(() => missing() === 0, { timeoutMs: 15_000, everyMs: 100 }).catch(() => undefined);
      const wrong = (kind: Member["kind"]) =>
        members
          .filter((member) => member.kind === kind)
          .reduce((sum, { heard }) => sum + heard.filter((number, at) => number <= (heard[at - 1] ?? -1)).length, 0);
      return { published, repeated, missing: missing(), disordered: wrong("socket.io"), again: wrong("raw") };
    },
    close() {
      for (const member of members) member.close();
    },
  };
}

const numberOf = (message: unknown): number => Number(String(message).slice(1));

function socketMember(url: string, user: string): Member {
  const socket: Socket = io(`${url}/channels`, {
    transports: ["websocket"],
    forceNew: true,
    auth: { token: signToken(user) },
  });
  checkEvents(socket, "/channels");
  const channel = `notifications/${user}`;
  let offset = 0;
  let subscribed = false;
  const member: Member = {
    user,
    kind: "socket.io",
    heard: [],
    lostAt: 0,
    backAt: 0,
    isConnected: () => socket.connected && subscribed,
    close: () => void socket.close(),
  };
  socket.on("notifications", ({ data }, meta) => {
    if (meta.channel !== channel) return;
    offset = meta.offset;
    member.heard.push(numberOf(data.message));
  });
  socket.on("connect", () => {
    socket.emit("subscribe", { channel, since: offset }, ({ ok }: { ok: boolean }) => {
      subscribed = ok;
      member.backAt = performance.now();
    });
  });
  socket.on("disconnect", () => {
    subscribed = false;
    member.lostAt = performance.now();
  });
  // A refusal (a full or draining node) is not an error of the transport: the client has to come again by itself.
  socket.on("connect_error", () => void (socket.active || setTimeout(() => socket.connect(), 1000).unref()));
  return member;
}

function rawMember(url: string, user: string): Member {
  let ws: WebSocket;
  let over = false;
  const member: Member = {
    user,
    kind: "raw",
    heard: [],
    lostAt: 0,
    backAt: 0,
    isConnected: () => ws.readyState === WebSocket.OPEN,
    close() {
      over = true;
      ws.close(1000);
    },
  };
  const open = (): void => {
    ws = new WebSocket(`${url.replace("http", "ws")}/ws?token=${signToken(user)}`);
    ws.on("open", () => {
      member.backAt = performance.now();
    });
    ws.on("message", (data) => {
      const { type, content } = JSON.parse(String(data));
      if (type === "notification") member.heard.push(numberOf(content.body));
    });
    ws.on("error", () => undefined);
    ws.on("close", () => {
      if (over) return;
      if (member.backAt >= member.lostAt) member.lostAt = performance.now();
      setTimeout(() => over || open(), 500 + Math.random() * 1000);
    });
  };
  open();
  return member;
}
