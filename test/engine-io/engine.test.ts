// The engine of Socket.IO clients that open a WebSocket at once, below Socket.IO itself and beside engine.io.
import { type EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { Server, type Socket } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { FlushSchedule } from "../../src/connection/flush-schedule.ts";
import { DirectEngine, type DirectEngineOptions, type EngineIo } from "../../src/engine-io/engine.ts";
import { routeUpgrades } from "../../src/raw/upgrade-router.ts";
import { connectionOf, type EngineSocket } from "../../src/realtime/engine-connection.ts";
import { createDirectWriter } from "../../src/web-socket/direct-write.ts";
import { describeClientConnection, type OpenConnection } from "../connection/client-connection.suite.ts";
import { eventually } from "../support/eventually.ts";
import { openWire, type Wire } from "../support/wire.ts";

interface Rig {
  readonly io: Server;
  readonly url: string;
  close(): Promise<void>;
}

/** Socket.IO with the engine in front of engine.io. */
async function startRig(changes: Partial<DirectEngineOptions> = {}): Promise<Rig> {
  const http = createServer();
  const io = new Server(http);
  const direct = new DirectEngine({
    maxMessageBytes: 65_536,
    unsent: { maxBufferedBytes: 1_048_576, budget: { add: () => undefined, exceeded: false } },
    flushes: new FlushSchedule(),
    directWriter: createDirectWriter(),
    keepAlive: { pingIntervalMs: 30_000, pongTimeoutMs: 30_000 },
    closeTimeoutMs: 500,
    otherRate: () => () => "take",
    ...changes,
  });
  routeUpgrades(http, {
    engine: { dialectAt: () => undefined, handleUpgrade: () => undefined },
    takesDirectly(request, socket, head) {
      direct.handleUpgrade(io.engine as unknown as EngineIo, request, socket, head);
      return true;
    },
    allowsOrigin: () => true,
    allowsHost: () => true,
    capacity: () => "ok",
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    io,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      await direct.close();
      await io.close();
    },
  };
}

const nextSocket = async (io: Server): Promise<Socket> => {
  const [socket] = (await once(io as unknown as EventEmitter, "connection")) as [Socket];
  return socket;
};

/** The client's WebSocket and the TCP socket below it. */
interface ClientTransport {
  readonly ws: { readonly _socket: NetSocket };
}

async function openConnection(): Promise<OpenConnection> {
  const rig = await startRig();
  let heard = 0;
  rig.io.on("connection", (socket) => void socket.onAny(() => heard++));
  const plain = { perMessageDeflate: false } as object; // what is sent here is nothing once it is compressed
  const options = { transports: ["websocket"], forceNew: true, reconnection: false, ...plain };
  const client = connect(rig.url, options);
  const socket = await nextSocket(rig.io);
  const tcp = () => (client.io.engine.transport as unknown as ClientTransport).ws._socket;
  return {
    connection: connectionOf(socket.conn),
    send: (bytes) => void socket.emit("news", "x".repeat(bytes)),
    say: () => void client.emit("hello"),
    heard: () => heard,
    pause: () => void tcp().pause(),
    resume: () => void tcp().resume(),
    cut: () => void tcp().destroy(),
    leave: () => void client.close(),
    ended: once(socket as unknown as EventEmitter, "disconnect"),
    async close() {
      client.close();
      await rig.close();
    },
  };
}

describeClientConnection("the direct engine", { transportName: "websocket", leavesCleanly: true }, openConnection);

describe("the direct engine", () => {
  let rig: Rig;
  const wires: Wire[] = [];
  const clients: ClientSocket[] = [];
  const open = async (options?: Parameters<typeof openWire>[1]): Promise<Wire> => {
    const wire = await openWire(rig.url, options);
    wires.push(wire);
    return wire;
  };
  const client = (): ClientSocket => {
    const socket = connect(rig.url, { transports: ["websocket"], forceNew: true, reconnection: false });
    clients.push(socket);
    return socket;
  };
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    for (const wire of wires.splice(0)) wire.ws.terminate();
    for (const socket of clients.splice(0)) socket.close();
    await rig.close();
  });

  it("begins with Engine.IO's open packet, without upgrades", async () => {
    const { packets } = await open();
    await eventually(() => packets.length === 1);
    expect(JSON.parse(packets[0]?.slice(1) ?? "")).toEqual({
      sid: expect.stringMatching(/^[\w-]{20}$/),
      upgrades: [],
      pingInterval: 30_000,
      pingTimeout: 30_000,
      maxPayload: 65_536,
    });
  });

  it("counts its connections as engine.io's until they are gone", async () => {
    const [first, second] = [await open(), await open()];
    await eventually(() => rig.io.engine.clientsCount === 2);
    const { clients: known } = rig.io.engine as unknown as EngineIo;
    expect(Object.keys(known)).toHaveLength(2);
    first.ws.close();
    second.ws.terminate();
    await eventually(() => rig.io.engine.clientsCount === 0);
    expect(Object.keys(known)).toEqual([]);
  });

  it("carries events, acks and attachments both ways", async () => {
    rig.io.on("connection", (socket) => socket.on("echo", (...args) => args.at(-1)(...args.slice(0, -1))));
    const socket = client();
    const bytes = Buffer.from([0, 1, 254, 255]);
    expect(await socket.emitWithAck("echo", { text: "ä😀", list: [1, null] })).toEqual({
      text: "ä😀",
      list: [1, null],
    });
    const answer = (await socket.emitWithAck("echo", { bytes })) as { bytes: Buffer };
    expect(Buffer.from(answer.bytes)).toEqual(bytes);
  });

  it("is engine.io's Socket to whoever listens to it", async () => {
    const heard: unknown[] = [];
    rig.io.engine.on("connection", (connection: EngineSocket) => {
      for (const event of ["packet", "packetCreate", "message"])
        connection.on(event as "message", (data: unknown) => heard.push([event, data]));
      connection.send("hello", {}, () => heard.push("sent"));
    });
    const { ws, packets } = await open();
    await eventually(() => packets.includes("4hello") && heard.includes("sent"));
    ws.send("4what is no event");
    await eventually(() => heard.length > 3);
    expect(heard).toEqual([
      ["packetCreate", { type: "message", data: "hello" }],
      "sent",
      ["packet", { type: "message", data: "what is no event" }],
      ["message", "what is no event"],
    ]);
  });

  it("gives everybody a broadcast in its place among other events", async () => {
    const heard = new Map<ClientSocket, unknown[]>();
    const sockets: Socket[] = [];
    rig.io.on("connection", (socket) => void sockets.push(socket));
    for (let count = 0; count < 3; count++) {
      const socket = client();
      const list: unknown[] = [];
      heard.set(socket, list);
      socket.on("n", (number) => list.push(number));
    }
    await eventually(() => sockets.length === 3);
    for (let number = 0; number < 30; number += 3) {
      rig.io.emit("n", number);
      for (const socket of sockets) socket.emit("n", number + 1);
      rig.io.emit("n", number + 2);
    }
    for (const list of heard.values()) {
      await eventually(() => list.length === 30);
      expect(list).toEqual(Array.from({ length: 30 }, (_, number) => number));
    }
  });

  it("compresses large packets for those who offer it, and gives all of them the same", async () => {
    const text = "learning ".repeat(500);
    const received: { compressed: boolean; data: string }[] = [];
    const pending: Promise<void>[] = [];
    for (const perMessageDeflate of [true, false]) {
      const ws = new WebSocket(`${rig.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, {
        perMessageDeflate,
      });
      pending.push(
        new Promise((resolve) => {
          ws.on("message", (data) => {
            const packet = data.toString();
            if (packet.startsWith("0")) ws.send("40");
            if (!packet.startsWith("42")) return;
            const { bytesRead } = (ws as unknown as ClientTransport["ws"])._socket;
            received.push({ compressed: bytesRead < text.length, data: packet });
            ws.close();
            resolve();
          });
        }),
      );
    }
    await eventually(() => rig.io.of("/").sockets.size === 2);
    rig.io.emit("text", text);
    await Promise.all(pending);
    expect(new Set(received.map(({ data }) => data))).toEqual(new Set([`42["text","${text}"]`]));
    expect(received.map(({ compressed }) => compressed).sort()).toEqual([false, true]);
  });

  it.each([
    ["a ping of the client's", "2"],
    ["an unknown packet", "9"],
    ["a text frame without a type", ""],
  ])("ends a connection for %s", async (_what, packet) => {
    const { ws, closed } = await open();
    ws.send(packet);
    expect(await closed).toBe(1006);
  });

  it("ends a connection that leaves pings unanswered, and keeps one that answers", async () => {
    await rig.close();
    rig = await startRig({ keepAlive: { pingIntervalMs: 40, pongTimeoutMs: 400 } });
    const [answering, silent] = [await open(), await open({ answersPings: false })];
    await silent.closed;
    expect(answering.ws.readyState).toBe(WebSocket.OPEN);
  });

  it("closes everybody with 1001 when it is closed", async () => {
    const { closed } = await open();
    await rig.close();
    expect(await closed).toBe(1001);
    rig = await startRig();
  });

  it("ends a connection that goes on above the rate of what is no event", async () => {
    await rig.close();
    let taken = 0;
    rig = await startRig({ otherRate: () => () => (++taken <= 5 ? "take" : "close") });
    const { ws, closed } = await open();
    for (let count = 0; count < 20; count++) ws.send("6");
    expect(await closed).toBe(1006);
    expect(taken).toBe(6);
  });

  it.each([
    ["EIO=4&transport=websocket", true],
    ["EIO=4&transport=polling", false],
    ["EIO=3&transport=websocket", false],
    ["EIO=4&transport=websocket&sid=abc", false],
    ["EIO=4&transport=websocket&b64=1", false],
  ])("serves %s: %s", (text, serves) => {
    const direct = new DirectEngine({
      maxMessageBytes: 1,
      unsent: { maxBufferedBytes: 1, budget: { add: () => undefined, exceeded: false } },
      flushes: new FlushSchedule(),
      directWriter: createDirectWriter(),
      keepAlive: { pingIntervalMs: 1000, pongTimeoutMs: 1000 },
      closeTimeoutMs: 1,
      otherRate: () => () => "take",
    });
    expect(direct.serves(Object.fromEntries(new URLSearchParams(text)))).toBe(serves);
  });
});
