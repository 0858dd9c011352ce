// Classwire inside somebody else's program: on an HTTP server or an Express app that has a life of its own.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type ClasswireOptions, createClasswire, readConfig } from "../../src/app.ts";
import { connectTo, next } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { signToken, TEST_SECRET } from "../support/tokens.ts";
import { openWire } from "../support/wire.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function create(options: ClasswireOptions) {
  const config = readConfig({ DATABASE_URL: "memory:", JWT_SECRET: TEST_SECRET, PORT: "0" });
  const classwire = await createClasswire({ config, logger: pino({ level: "silent" }), ...options });
  closing.push(() => classwire.close());
  return classwire;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connect(url: string, namespace: string, who: string) {
  const socket = connectTo(url, namespace, who, { uncheckedEvents: ["whiteboard"] });
  closing.push(() => socket.close());
  return socket;
}

const service = {
  authorization: `Bearer ${signToken({ sub: "1", role: "service" })}`,
  "content-type": "application/json",
};
const notify = (url: string) =>
  fetch(`${url}/api/v1/notifications`, {
    method: "POST",
    headers: service,
    body: JSON.stringify({ userId: "5", title: "t", message: "m" }),
  });

describe("on an HTTP server with routes and WebSockets of its own", () => {
  it("serves clients beside them, and leaves them as they were when it closes", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/hello") response.end("mine");
      else response.writeHead(404).end();
    });
    const own = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
      if (request.url === "/own") own.handleUpgrade(request, socket, head, (ws) => ws.send("mine"));
    });
    const classwire = await create({ server });
    const url = await listen(server);
    expect(await classwire.listen()).toEqual([]);
    expect(classwire.server).toBe(server);

    const socket = connect(url, "/channels", "5");
    await next(socket, "connected");
    await socket.emitWithAck("subscribe", { channel: "notifications/5" });
    const heard = next(socket, "notifications");
    await classwire.services.notifications.toUser("5", { title: "t", message: "m" });
    expect((await heard)[0].data).toEqual({ title: "t", message: "m" });

    const serves = async (): Promise<void> => {
      expect(await (await fetch(`${url}/hello`)).text()).toBe("mine");
      const ws = new WebSocket(`${url.replace("http", "ws")}/own`);
      expect(await new Promise((resolve) => ws.once("message", (data) => resolve(data.toString())))).toBe("mine");
      ws.terminate();
    };
    await serves();
    const gone = next(socket, "disconnect");
    await classwire.close();
    await gone;
    expect(server.listening).toBe(true);
    await serves();
  });
});

describe("on an Express app", () => {
  it("mounts the API, and what was there before goes on", async () => {
    const app = express();
    app.get("/hello", (_request, response) => void response.send("mine"));
    const classwire = await create({ app });
    app.get("/later", (_request, response) => void response.send("mine too"));
    const [url = ""] = await classwire.listen();
    expect(await (await fetch(`${url}/hello`)).text()).toBe("mine");
    expect(await (await fetch(`${url}/later`)).text()).toBe("mine too");
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const socket = connect(url, "/channels", "5");
    await next(socket, "connected");
    await socket.emitWithAck("subscribe", { channel: "notifications/5" });
    const heard = next(socket, "notifications");
    expect((await notify(url)).status).toBe(201);
    await heard;
  });

  it("can be given together with a server that serves it", async () => {
    const app = express();
    const server = createServer(app);
    await create({ app, server });
    const url = await listen(server);
    expect((await notify(url)).status).toBe(201);
    await next(connect(url, "/dashboard", "5"), "connected");
  });
});

describe("its io", () => {
  it("takes events and namespaces of one's own", async () => {
    const classwire = await create({});
    const [url = ""] = await classwire.listen();
    classwire.io.of("/channels").on("connection", (socket) => {
      socket.on("whiteboard", (stroke, ack) => {
        socket.to(`rooms/${stroke.room}`).emit("whiteboard", { ...stroke, from: socket.data.admission.user });
        ack({ drawn: true });
      });
    });
    classwire.io.of("/own").on("connection", (socket) => socket.emit("hello", "own"));

    const [a, b] = [connect(url, "/channels", "5"), connect(url, "/channels", "6")];
    await Promise.all([next(a, "connected"), next(b, "connected")]);
    await b.emitWithAck("join_room", { room: "art" });
    const drawn = next(b, "whiteboard");
    expect(await a.emitWithAck("whiteboard", { room: "art", x: 1 })).toEqual({ drawn: true });
    expect((await drawn)[0]).toEqual({ room: "art", x: 1, from: "5" });
    expect(await a.emitWithAck("blackboard", {})).toMatchObject({ error: { code: "INVALID_MESSAGE" } });
    expect((await next(connect(url, "/own", "5"), "hello"))[0]).toBe("own");
  });

  it("has a default namespace that admits no one, or is one's own to serve", async () => {
    const closed = await create({});
    const [refusing = ""] = await closed.listen();
    const refused = await openWire(refusing);
    closing.push(() => refused.ws.terminate());
    refused.send("0");
    expect(await refused.packet(/^44/)).toContain('"code":"FORBIDDEN"');

    const classwire = await create({ defaultNamespace: "open", times: { joinWithinMs: 2000 } });
    classwire.io.on("connection", (socket) => socket.on("whiteboard", (ack) => ack("mine")));
    const [url = ""] = await classwire.listen();
    const stayer = await openWire(url);
    closing.push(() => stayer.ws.terminate());
    stayer.send("0");
    await stayer.packet(/^40\{/);
    await stayer.join("/channels", { token: signToken("5") });
    stayer.send("1/channels,");
    const leaver = await openWire(url);
    await leaver.join("/channels", { token: signToken("5") });
    leaver.send("1/channels,");
    await leaver.closed; // is in no namespace any more
    stayer.send('27["whiteboard"]');
    expect(await stayer.packet(/^43/)).toBe('437["mine"]');
  });

  it("ends with it, once, however often it is closed", async () => {
    const classwire = await create({});
    const [url = ""] = await classwire.listen();
    const socket = connect(url, "/channels", "5");
    await next(socket, "connected");
    const closed = classwire.close();
    expect(classwire.close()).toBe(closed);
    await closed;
    await eventually(() => !socket.connected);
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });
});
