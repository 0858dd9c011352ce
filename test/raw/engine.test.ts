// The life of a raw connection, through a real Socket.IO server.
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/raw-client.ts";
import { type Rig, type RigOptions, startRig } from "./support/rig.ts";

let rig: Rig;
const start = async (options?: RigOptions) => {
  rig = await startRig(options);
  return rig;
};
afterEach(() => rig.close());

describe("a raw connection", () => {
  it("is a socket of its namespace, with what admission returned and no secrets", async () => {
    await start();
    const headers = { authorization: "Bearer its-own", cookie: "session=1" };
    await connect(`${rig.url}/api/v1/ws/dashboard?lang=zh&token=other-one`, { headers });
    const socket = await eventually(() => rig.io.of("/dashboard").sockets.values().next().value);
    expect(rig.raw().admission).toEqual(rig.admissions[0]);
    expect(rig.admissions[0]).toMatchObject({
      user: "its-own",
      request: { namespace: "/dashboard", token: "its-own" },
    });
    expect(rig.raw().traits).toMatchObject({ speaks: "dashboard", displaced: "wait" });
    expect(socket.handshake.query).toEqual({ lang: "zh" });
    expect(JSON.stringify(socket.handshake)).not.toMatch(/its-own|other-one|session/);
    expect(socket.conn.transport.name).toBe("websocket-raw");
  });

  it("hears room broadcasts and answers in its dialect", async () => {
    await start({
      onSocket: (socket) => {
        socket.join("user:7");
        socket.emit("connected", { message: "连接成功", userId: "7", timestamp: "T" });
        socket.on("ping", (ack) => ack({ ok: true, timestamp: "P" }));
      },
    });
    const client = await connect(`${rig.url}/api/v1/ws/dashboard?token=7`);
    client.send({ type: "ping" });
    expect(await client.next()).toEqual({ type: "connection", message: "连接成功", timestamp: "T" });
    expect(await client.next()).toEqual({ type: "pong", timestamp: "P" });
    const meta = { channel: "dashboard/7", offset: 1, id: "a" };
    rig.io.of("/dashboard").to("user:7").emit("quiz_completed", { quiz_id: 1 }, meta);
    rig.io.of("/dashboard").to("user:7").emit("undocumented", { quiz_id: 2 });
    rig.io
      .of("/dashboard")
      .to("user:7")
      .emit("quiz_completed", { quiz_id: 3 }, { ...meta, offset: 2 });
    expect(await client.next()).toEqual({ event: "quiz_completed", data: { quiz_id: 1 } });
    expect(await client.next()).toEqual({ event: "quiz_completed", data: { quiz_id: 3 } });
  });

  it("keeps frames that come before its namespace lets it in, in order and however many", async () => {
    const heard: unknown[] = [];
    await start();
    let enter = (): void => undefined;
    rig.io.of("/channels").use((_socket, next) => {
      enter = next;
    });
    rig.io.of("/channels").on("connection", (socket) => {
      socket.on("subscribe", (payload, ack) => {
        heard.push(payload.channel);
        ack({ ok: true, channel: payload.channel });
      });
    });
    const client = await connect(`${rig.url}/?token=1`);
    const channels = Array.from({ length: 500 }, (_, index) => `rooms/r${index}`);
    for (const channel of channels) client.send({ type: "subscribe", channel });
    await eventually(() => rig.admissions.length === 1);
    enter();
    await eventually(() => client.frames.length === 500);
    expect(heard).toEqual(channels);
    expect(client.frames.at(-1)).toEqual({ type: "subscribed", channel: "rooms/r499" });
  });

  it("is refused with its dialect's error frame when its namespace refuses, and its admission is given back", async () => {
    await start();
    rig.io.of("/study-time").use((_socket, next) => {
      next(Object.assign(new Error("no"), { data: { code: "FORBIDDEN", message: "not you" } }));
    });
    const client = await connect(`${rig.url}/api/study-time?userId=1&courseId=2`);
    const refusal = {
      type: "heartbeat_response",
      status: "error",
      studyTime: 0,
      code: "FORBIDDEN",
      message: "not you",
    };
    expect(await client.next()).toEqual(refusal);
    expect(await client.closed).toEqual({ code: 1008, reason: "not you" });
    await eventually(() => rig.released.length === 1);
  });
});

describe("the end of a raw connection", () => {
  it.each([
    ["socket.disconnect(true)", true],
    ["socket.disconnect()", false],
  ])("comes with the code that the namespace set, after what was sent before: %s", async (_name, close) => {
    await start();
    const client = await connect(`${rig.url}/ws?token=1`);
    const socket = await eventually(() => rig.io.of("/channels").sockets.values().next().value);
    socket.emit("system", { message: "bye", level: "info", timestamp: 5000 });
    rig.raw().closeWith({ code: 1008, reason: "replaced" });
    socket.disconnect(close);
    expect(await client.closed).toEqual({ code: 1008, reason: "replaced" });
    expect(client.frames).toEqual([
      { type: "system", content: { message: "bye", level: "info", code: 0 }, timestamp: 5 },
    ]);
  });

  it("is 1000 where nothing was said", async () => {
    await start({ onSocket: (socket) => socket.disconnect(true) });
    const client = await connect(`${rig.url}/?token=1`);
    expect((await client.closed).code).toBe(1000);
  });

  it("is known as clean after the client's close frame, and as unclean without", async () => {
    await start();
    const clean = await connect(`${rig.url}/?token=1`);
    const first = await eventually(() => rig.io.of("/channels").sockets.values().next().value);
    const raw = rig.raw();
    const ended = once(first, "disconnect");
    clean.ws.close(4000, "done");
    expect(await ended).toEqual(["client close", undefined]);
    expect(raw.endedCleanly).toBe(true);

    const cut = await connect(`${rig.url}/?token=1`);
    const second = await eventually(() => rig.io.of("/channels").sockets.values().next().value);
    const cutRaw = rig.raw();
    const lost = once(second, "disconnect");
    cut.ws.terminate();
    expect(await lost).toEqual(["transport close", undefined]);
    expect(cutRaw.endedCleanly).toBe(false);
  });

  it("is clean also when the namespace goes on sending after the client's close frame", async () => {
    await start({ onSocket: (socket) => socket.on("heartbeat", (ack) => ack({ ok: true, timestamp: 1 })) });
    for (let i = 0; i < 20; i++) {
      const client = await connect(`${rig.url}/?token=1`);
      const socket = await eventually(() => rig.io.of("/channels").sockets.values().next().value);
      const ended = once(socket, "disconnect");
      const sending = setInterval(() => rig.io.of("/channels").emit("error", { message: "m" }), 0);
      client.send({ type: "heartbeat" });
      client.ws.close(1000);
      expect(await ended).toEqual(["client close", undefined]);
      expect((await client.closed).code).toBe(1000);
      clearInterval(sending);
    }
  });

  it.each([
    ["a binary frame", 1003, (send: (data: unknown) => void) => send(Buffer.from("{}"))],
    ["a frame that is too big", 1009, (send: (data: unknown) => void) => send("x".repeat(70_000))],
  ])("%s: %i", async (_name, code, act) => {
    await start();
    const client = await connect(`${rig.url}/?token=1`);
    act(client.send);
    expect((await client.closed).code).toBe(code);
    await eventually(() => rig.io.of("/channels").sockets.size === 0);
  });

  it("is 1001 for all when the engine closes, and nobody gets in after", async () => {
    await start();
    const clients = await Promise.all(["/?token=1", "/ws?token=2"].map((path) => connect(rig.url + path)));
    await eventually(() => rig.engine.clientsCount === 2 && rig.io.of("/channels").sockets.size === 2);
    await rig.engine.close();
    for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: "服务器维护" });
    expect(rig.engine.clientsCount).toBe(0);
    await expect(connect(`${rig.url}/?token=1`)).rejects.toThrow("503");
  });

  it("comes when the client answers no ping", async () => {
    await start({ engine: { keepAlive: { pingIntervalMs: 40, pongTimeoutMs: 60 } } });
    const client = await connect(`${rig.url}/?token=1`, { autoPong: false });
    const socket = await eventually(() => rig.io.of("/channels").sockets.values().next().value);
    const [reason] = await once(socket, "disconnect");
    expect(reason).toBe("ping timeout");
    expect((await client.closed).code).toBe(1006);
  });

  it("does not come while the client answers", async () => {
    await start({ engine: { keepAlive: { pingIntervalMs: 20, pongTimeoutMs: 200 } } });
    const client = await connect(`${rig.url}/?token=1`);
    let pings = 0;
    client.ws.on("ping", () => pings++);
    await eventually(() => pings >= 15);
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });
});

describe("malformed frames", () => {
  it("are limited: dropped with one error, and in the end the connection is closed", async () => {
    const verdicts = ["take", "drop and say so", "take", "close"] as const;
    let next = 0;
    await start({ engine: { messageRate: () => () => verdicts[next++] ?? "take" } });
    const client = await connect(`${rig.url}/ws?token=1`);
    const sending = setInterval(() => client.send("{"), 10);
    expect(await client.closed).toEqual({ code: 1008, reason: "too many messages" });
    clearInterval(sending);
    const codes = client.frames.map(({ content }) => (content as { code: string }).code);
    expect(codes).toEqual(["INVALID_MESSAGE", "RATE_LIMIT", "INVALID_MESSAGE"]);
  });
});

describe("what JSON frames cannot carry", () => {
  it("is not sent, and is no fault", async () => {
    await start();
    const client = await connect(`${rig.url}/ws?token=1`);
    await eventually(() => rig.io.of("/channels").sockets.size === 1);
    rig.io.of("/channels").emit("system", { message: Buffer.from("binary") });
    rig.socket().emit("system", { message: new Uint8Array(3) });
    rig.io.of("/channels").emit("system", { message: "text", level: "info" });
    expect(await client.next()).toMatchObject({ content: { message: "text" } });
    expect(rig.faults).toEqual([]);
  });
});
