// Recovery: whoever says up to where it has come hears everything after that once and in order, whatever happens meanwhile.

import { setTimeout as sleep } from "node:timers/promises";
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf } from "../support/inbox.ts";
import { printedRandom } from "../support/random.ts";
import { signToken } from "../support/tokens.ts";

const random = printedRandom("recovery");

let server: TestServer;
beforeAll(async () => {
  server = await startClasswire({ DASHBOARD_ATTEMPTS_PER_MINUTE: "1000", CHANNELS_CONNECTIONS_PER_USER: "100" });
});
afterAll(() => server.close());

const service = signToken({ sub: "backend", role: "service" });
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Says `count` things in the room from several publishers at once, in bursts. */
async function publish(room: string, count: number): Promise<void> {
  let said = 0;
  const publisher = async (name: string): Promise<void> => {
    while (said < count) {
      const burst = Math.min(count - said, 1 + Math.floor(random.fraction() * 5));
      said += burst;
      const from = { id: name, name: undefined };
      await Promise.all(
        numbers(1, burst).map((n) => server.classwire.services.messages.toRoom(from, room, { text: `${n}` })),
      );
      await sleep(random.fraction() * 4);
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(publisher));
}

/** The offsets that a socket hears of a room, in the order in which they come. */
function offsets(socket: Socket): number[] {
  const heard: number[] = [];
  socket.on("room_message", (_payload: Json, meta: { offset: number }) => heard.push(meta.offset));
  return heard;
}

describe("events that are appended while subscribers come", () => {
  const EVENTS = 600;

  it("reach each of them without a gap, a repetition or a swap", async () => {
    const room = "crowded";
    await publish(room, 100);
    const publishing = publish(room, EVENTS - 100);
    const joiners = numbers(1, 24).map(async (n) => {
      await sleep(random.fraction() * 400);
      const transports = n % 4 === 0 ? ["polling"] : n % 4 === 1 ? ["polling", "websocket"] : ["websocket"];
      const socket = server.connect("/channels", service, { transports });
      const heard = offsets(socket);
      await next(socket, "connected");
      const since = Math.floor(random.fraction() * 100);
      const answer = await socket.emitWithAck("subscribe", { channel: `rooms/${room}`, since });
      expect(answer).toMatchObject({ ok: true, recovered: true, replayed: answer.offset - since });
      return { since, heard };
    });
    const all = await Promise.all(joiners);
    await publishing;
    for (const { since, heard } of all) {
      await eventually(() => heard.length >= EVENTS - since);
      expect(heard).toEqual(numbers(since + 1, EVENTS));
    }
  });

  it("reach one that is cut off again and again", async () => {
    const room = "shaky";
    const publishing = publish(room, EVENTS);
    const heard: number[] = [];
    while ((heard.at(-1) ?? 0) < EVENTS) {
      const socket = server.connect("/channels", service);
      const now = offsets(socket);
      await next(socket, "connected");
      await socket.emitWithAck("subscribe", { channel: `rooms/${room}`, since: heard.at(-1) ?? 0 });
      await eventually(() => now.length > 20 || now.at(-1) === EVENTS);
      socket.io.engine.close();
      heard.push(...now);
    }
    await publishing;
    expect(heard).toEqual(numbers(1, EVENTS));
  });
});

it("a dashboard goes on where it was, before anything new", async () => {
  const chapters = ["boolean-constants", "integer-constants"];
  const set = (n: number) =>
    server.classwire.services.progress.set({
      user_id: 77,
      topic_id: "constants",
      chapter_id: chapters[n % 2] ?? "",
      completed: n % 4 < 2,
    });
  for (const n of numbers(0, 49)) await set(n);
  const publishing = (async () => {
    for (const n of numbers(50, 149)) await set(n);
  })();
  let [last, epoch] = [0, ""];
  const heard: number[] = [];
  while (last < 150) {
    const socket = server.connect("/dashboard", "77", { auth: { since: last, ...(epoch === "" ? {} : { epoch }) } });
    const inbox = inboxOf(socket);
    const [connected] = await next(socket, "connected");
    expect(connected).toMatchObject({ recovered: true, offset: expect.any(Number) });
    epoch = connected.epoch;
    await inbox.wait("progress_updated", Math.min(10, 150 - last));
    socket.disconnect();
    expect(inbox.names()[0]).toBe("connected");
    heard.push(...inbox.metas("progress_updated").map(({ offset }) => offset));
    last = heard.at(-1) ?? last;
  }
  await publishing;
  expect(heard).toEqual(numbers(1, 150));
});

it("a dashboard is told what it cannot get back", async () => {
  await server.call("POST", "/api/v1/progress", {
    user_id: 78,
    topic_id: "constants",
    chapter_id: "boolean-constants",
    completed: true,
  });
  for (const auth of [{ since: 9 }, { since: 1, epoch: "another database" }]) {
    const socket = server.connect("/dashboard", "78", { auth });
    const inbox = inboxOf(socket);
    const [connected] = await next(socket, "connected");
    expect(connected).toMatchObject({ offset: 1, recovered: false });
    await inbox.wait("progress_updated");
  }
  for (const auth of [{ since: -1 }, { since: "1" }, { since: 1.5 }, { since: null }, { since: 1, epoch: 7 }]) {
    const [error] = await next(server.connect("/dashboard", "78", { auth }), "connect_error");
    expect(error.data).toMatchObject({ code: "INVALID_MESSAGE" });
  }
});

describe("a long replay", () => {
  it("waits for a client that reads slowly, and holds up nobody else", async () => {
    const room = "long";
    const text = "x".repeat(16_000);
    const from = { id: "a", name: undefined };
    await Promise.all(numbers(1, 400).map(() => server.classwire.services.messages.toRoom(from, room, { text })));
    const channel = `rooms/${room}`;

    // More slow readers than replays may read the log at once; none of them takes anything.
    const slow = await Promise.all(
      numbers(1, 10).map(async () => {
        const socket = server.connect("/channels", service);
        const heard = offsets(socket);
        await next(socket, "connected");
        await socket.emitWithAck("subscribe", { channel: "rooms/nothing", since: 0 });
        const wire = wireOf(socket);
        socket.emit("subscribe", { channel, since: 0 });
        wire.pause();
        return { socket, wire, heard };
      }),
    );
    const quick = server.connect("/channels", service);
    const heard = offsets(quick);
    await next(quick, "connected");
    await quick.emitWithAck("subscribe", { channel, since: 0 });
    await eventually(() => heard.length === 400);
    expect(heard).toEqual(numbers(1, 400));

    // 6.4 MB for each of them are far more than the socket buffers hold, and more than a connection may leave unread.
    for (const { socket, wire, heard: late } of slow) {
      expect(late.length).toBeLessThan(400);
      wire.resume();
      await eventually(() => late.length === 400);
      expect(late).toEqual(numbers(1, 400));
      expect(socket.connected).toBe(true);
    }
  });
});

/** The TCP socket below a client's WebSocket. */
function wireOf(socket: Socket): { pause(): void; resume(): void } {
  const transport = socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } };
  return transport.ws._socket;
}
