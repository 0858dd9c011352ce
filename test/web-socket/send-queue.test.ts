// How frames leave: together, in order, compressed where it pays, and never more than a connection may hold.
import { type EventEmitter, once } from "node:events";
import type { Socket as NetSocket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createUnsentBudget } from "../../src/connection/unsent-budget.ts";
import type { RawSocket } from "../../src/raw/connection.ts";
import { createDirectWriter, type DirectWriter } from "../../src/web-socket/direct-write.ts";
import { type Rig, type RigOptions, startRig } from "../raw/support/rig.ts";
import { eventually } from "../support/eventually.ts";
import { type Client, connect } from "../support/raw-client.ts";

const MEGABYTE = 1_048_576;
let rig: Rig;
let directWriter: DirectWriter | undefined;
const start = async (options: RigOptions = {}) => {
  rig = await startRig({ ...options, engine: { directWriter, ...options.engine } });
};
afterEach(() => rig.close());

async function join(path = "/ws?token=1", perMessageDeflate: boolean | object = false): Promise<[Client, RawSocket]> {
  const entered = once(rig.io.of("/channels") as unknown as EventEmitter, "connection");
  const client = await connect(rig.url + path, { perMessageDeflate });
  await entered;
  return [client, rig.raw()];
}

const say = (message: string) => rig.io.of("/channels").emit("system", { message, level: "info", timestamp: 1000 });
const turn = () => new Promise(setImmediate);

interface Handle {
  writeBuffer(...given: unknown[]): unknown;
  writev(...given: unknown[]): unknown;
}

/** Counts the writes that reach the kernel on the server's side of a connection. */
function countWrites(): () => number {
  let writes = 0;
  rig.http.on("connection", (socket: NetSocket) => {
    const { _handle: handle } = socket as unknown as { _handle: Handle };
    for (const name of ["writeBuffer", "writev"] as const) {
      const write = handle[name];
      handle[name] = (...given) => {
        writes++;
        return write.apply(handle, given);
      };
    }
  });
  return () => writes;
}

describe.each([
  ["past Node's streams", createDirectWriter()],
  ["through Node's streams", undefined],
])("%s", (_how, writer) => {
  beforeAll(() => {
    directWriter = writer;
  });

  describe("frames of one tick", () => {
    it("leave in one write, in order", async () => {
      await start();
      const writes = countWrites();
      const [client] = await join();
      const before = writes();
      for (let i = 0; i < 100; i++) say(`${i}`);
      await eventually(() => client.frames.length === 100);
      expect(writes() - before).toBe(1);
      expect(client.frames.map(({ content }) => (content as { message: string }).message)).toEqual(
        Array.from({ length: 100 }, (_, i) => `${i}`),
      );
    });

    it("are whole between the pings and pings of the protocol", async () => {
      await start({ engine: { keepAlive: { pingIntervalMs: 4, pongTimeoutMs: 10_000 } } });
      const [client, raw] = await join("/ws?token=1", true);
      let pings = 0;
      client.ws.on("pong", () => pings++);
      for (let i = 0; i < 300; i++) {
        say("x".repeat((i * 97) % 5000));
        if (i % 3 === 0) client.ws.ping(String(i));
        if (i % 5 === 0) void raw.probe(10_000);
        if (i % 7 === 0) await turn();
      }
      await eventually(() => client.frames.length === 300 && pings === 100);
      for (const [i, { content }] of client.frames.entries()) {
        expect((content as { message: string }).message).toHaveLength((i * 97) % 5000);
      }
    });
  });

  describe("compression", () => {
    it("is for frames above 1 KB and clients that offer it, without context takeover", async () => {
      await start();
      const [offers] = await join("/ws?token=1", true);
      const [plain] = await join("/ws?token=2", false);
      const [small] = await join("/ws?token=3", { serverMaxWindowBits: 10 });
      const negotiated = Reflect.get(offers.ws, "_extensions")["permessage-deflate"].params;
      expect(negotiated).toEqual({ server_no_context_takeover: true, client_no_context_takeover: true });
      const bytes = [offers, plain, small].map(
        (client) => () => (Reflect.get(client.ws, "_socket") as NetSocket).bytesRead,
      );
      const before = bytes.map((read) => read());
      for (const text of ["题".repeat(2000), "short", "x".repeat(70_000), "y".repeat(1025)]) say(text);
      await eventually(() => [offers, plain, small].every(({ frames }) => frames.length === 4));
      expect(small.frames).toEqual(plain.frames);
      expect(offers.frames).toEqual(plain.frames);
      const [compressed = 0, full = 0, unsupported = 0] = bytes.map((read, index) => read() - (before[index] ?? 0));
      expect(compressed).toBeLessThan(2000);
      expect(full).toBeGreaterThan(77_000);
      expect(unsupported).toBe(full);
    });

    it("is understood the other way too", async () => {
      const heard: string[] = [];
      await start({
        onSocket: (socket) =>
          socket.on("room_message", (payload, ack) => {
            heard.push(payload.text);
            ack({ ok: true });
          }),
      });
      const [client] = await join("/ws?token=1", { threshold: 0 });
      for (let i = 0; i < 3; i++) client.send({ type: "room_message", content: { room: "r", text: "z".repeat(3000) } });
      await eventually(() => heard.length === 3);
      expect(heard[2]).toBe("z".repeat(3000));
    });

    it("cannot be used to send more than a message may hold", async () => {
      await start();
      const [client] = await join("/ws?token=1", { threshold: 0 });
      client.send("0".repeat(100_000));
      expect((await client.closed).code).toBe(1009);
    });
  });

  describe("a client that does not read", () => {
    it("loses volatile events first, and is cut off above the limit, while the others notice nothing", async () => {
      await start();
      const [good] = await join("/ws?token=good");
      const [slow, raw] = await join("/ws?token=slow");
      slow.ws.pause();
      let sent = 0;
      while (raw.transport.writable) {
        say(`${sent++}`.padEnd(10_000));
        await turn();
      }
      const full = raw.bufferedBytes;
      expect(full).toBeGreaterThan(65_536);
      rig.io.of("/channels").volatile.emit("system", { message: "typing".padEnd(10_000) });
      sent++;
      await turn();
      expect(raw.bufferedBytes).toBe(full);
      let highest = full;
      while (raw.readyState !== "closed") {
        say(`${sent++}`.padEnd(10_000));
        highest = Math.max(highest, raw.bufferedBytes);
        await turn();
      }
      expect(highest).toBeLessThan(1.1 * MEGABYTE);
      expect(raw.endedCleanly).toBe(false);
      await eventually(() => good.frames.length === sent);
      slow.ws.terminate();
    });

    it("goes sooner when the node holds more than it should, and leaves the books as they were", async () => {
      const budget = createUnsentBudget(0);
      await start({ engine: { unsent: { maxBufferedBytes: MEGABYTE, budget } } });
      const [slow, raw] = await join();
      slow.ws.pause();
      let highest = 0;
      while (raw.readyState !== "closed") {
        say("x".repeat(10_000));
        highest = Math.max(highest, raw.bufferedBytes);
        await turn();
      }
      expect(highest).toBeGreaterThan(65_536);
      expect(highest).toBeLessThan(200_000);
      expect(budget.exceeded).toBe(false);
      slow.ws.terminate();
    });

    it("gets everything in order when it reads again, and can be waited for", async () => {
      await start();
      const [client, raw] = await join();
      client.ws.pause();
      let sent = 0;
      while (raw.bufferedBytes < 500_000) {
        say(`${sent++}`.padEnd(10_000));
        await turn();
      }
      let isDrained = false;
      const wait = raw.drained().then(() => {
        isDrained = true;
      });
      await turn();
      expect(isDrained).toBe(false);
      client.ws.resume();
      await wait;
      expect(raw.bufferedBytes).toBe(0);
      await eventually(() => client.frames.length === sent);
      for (const [i, { content }] of client.frames.entries())
        expect(content).toMatchObject({ message: `${i}`.padEnd(10_000) });
    });

    it("still gets its close frame behind what was sent, when it reads again", async () => {
      await start({ engine: { times: { closeTimeoutMs: 10_000 } } });
      const [client, raw] = await join();
      client.ws.pause();
      let sent = 0;
      while (raw.bufferedBytes < 200_000) {
        say(`${sent++}`.padEnd(10_000));
        await turn();
      }
      raw.closeWith({ code: 1008, reason: "过".repeat(80) });
      rig.socket().disconnect(true);
      client.ws.resume();
      expect(await client.closed).toEqual({ code: 1008, reason: "过".repeat(41) });
      expect(client.frames).toHaveLength(sent);
    });
  });

  it("an answer that is limited leaves once: two output that answer every ping do not loop", async () => {
    await start({ onSocket: (socket) => socket.on("heartbeat", (ack) => ack({ ok: true, timestamp: 1 })) });
    const ws = new WebSocket(`${rig.url}/api/ws/connect?user_id=1`);
    const heard: string[] = [];
    ws.on("message", (data) => {
      heard.push(String(data));
      ws.send('{"type":"ping"}');
    });
    ws.on("open", () => ws.send('{"type":"ping"}'));
    await eventually(() => heard.length > 0);
    ws.send('{"type":"nonsense"}');
    await eventually(() => heard.length > 1);
    expect(heard.map((frame) => JSON.parse(frame).type)).toEqual(["ping", "error"]);
    ws.terminate();
  });
});
