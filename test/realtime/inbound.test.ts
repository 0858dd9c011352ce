// What comes in over Socket.IO's transports: POSTs that hold too much or come too often, and transports that nobody knows.
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cutPayload, guardInbound, pauseTransport } from "../../src/realtime/inbound.ts";
import { eventually } from "../support/eventually.ts";

const LIMIT = { name: "messages", what: "messages", points: 10, seconds: 1, whose: "connection", burst: 20 } as const;

describe("the payload of a POST", () => {
  const many = (count: number, packet: string) => Array.from({ length: count }, () => packet);

  it.each([
    ["events of ours", '42/channels,["x"]'],
    ["acks", "43/channels,1[]"],
    ["heartbeats", "3"],
  ])("is cut behind as many %s as can be within the rate", (_what, packet) => {
    expect(cutPayload(many(1_000, packet).join("\x1e"), 40).split("\x1e")).toEqual(many(40, packet));
    expect(cutPayload(many(40, packet).join("\x1e"), 40).split("\x1e")).toEqual(many(40, packet));
  });

  it("keeps events of others' namespaces, and attachments with their packet", () => {
    const others = many(100, '42/drawing,["line"]');
    expect(cutPayload(others.join("\x1e"), 40).split("\x1e")).toEqual(others);
    const withAttachments = [...many(40, "3"), "451-/channels,[1]", "bAAAA", "bAAAA", ...others, "bBBBB"];
    expect(cutPayload(withAttachments.join("\x1e"), 40).split("\x1e")).toEqual([...many(40, "3"), ...others, "bBBBB"]);
  });
});

describe("a connection that polls", () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function open() {
    const http = createServer();
    const io = new Server(http, { pingInterval: 60_000 });
    const packets: string[] = [];
    let transport = new EventEmitter();
    io.engine.on("connection", (connection: EventEmitter & { transport: EventEmitter; close(): void }) => {
      guardInbound(connection, LIMIT);
      transport = connection.transport;
      connection.on("packet", ({ data }: { data?: string }) => packets.push(String(data)));
    });
    await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
    closers.push(() => io.close());
    const post = (body: string) => fetch(`${url}&sid=${sid}`, { method: "POST", body });
    return { packets, post, pause: (ms: number) => pauseTransport(transport, ms) };
  }

  it("above its rate gets no answer to a POST before it may send again, and only one may wait", async () => {
    const { packets, post, pause } = await open();
    pause(500);
    let isAnswered = false;
    const first = post("43/a,1[]").then((answer) => {
      isAnswered = true;
      return answer;
    });
    await new Promise((sent) => setTimeout(sent, 100)); // they would overlap if they came out of order
    expect((await post("43/b,1[]")).status).toBe(400);
    expect(isAnswered).toBe(false);
    expect(packets).toEqual([]);
    expect((await first).status).toBe(200);
    expect(packets).toEqual(["3/a,1[]"]);
  });

  it("is above it after a POST with too many packets, of which no more than could be within it are handled", async () => {
    const { packets, post } = await open();
    const second = Math.floor(Date.now() / 1000);
    expect((await post(Array.from({ length: 10_000 }, () => "3").join("\x1e"))).status).toBe(200);
    expect(packets).toHaveLength(2 * LIMIT.burst);
    expect((await post("3")).status).toBe(200);
    expect(Math.floor(Date.now() / 1000)).toBeGreaterThan(second);
    expect(packets).toHaveLength(2 * LIMIT.burst + 1);
  });
});

it("a transport of another make is counted all the same", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const connection = Object.assign(new EventEmitter(), { transport: new EventEmitter(), close: vi.fn() });
  guardInbound(connection, LIMIT);
  const closed = once(connection, "closed");
  connection.close.mockImplementation(() => connection.emit("closed"));
  for (let second = 0; second < 10; second++) {
    expect(connection.close).not.toHaveBeenCalled();
    for (let n = 0; n < 40; n++) connection.emit("packet", { type: "pong" });
    vi.advanceTimersByTime(1000);
  }
  await closed;
  for (let n = 0; n < 1_000; n++) connection.emit("packet", { type: "message", data: "2/channels,[1]" });
  vi.useRealTimers();
  await eventually(() => connection.close.mock.calls.length >= 1);
});
