// Who gets an upgrade request: every path, foreign pages, a full node, and a server that is somebody else's.
import { createServer } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { io as connectSocketIo } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { AdmissionQueue } from "../../src/connection/admission-queue.ts";
import { routeUpgrades } from "../../src/raw/upgrade-router.ts";
import { eventually } from "../support/eventually.ts";
import { connect, refusedUpgrade } from "../support/raw-client.ts";
import { type Rig, type RigOptions, startRig } from "./support/rig.ts";

let rig: Rig;
const start = async (options?: RigOptions) => {
  rig = await startRig(options);
};
afterEach(() => rig.close());

describe("upgrade requests", () => {
  it("wait for their turn, and are refused with 503 and Retry-After where too many do", async () => {
    const queue = new AdmissionQueue(1);
    let isFull = true;
    const fill = (): void => void (isFull && queue.add(fill));
    fill();
    await start({ routing: { queue } });
    for (const path of ["/?token=1", "/socket.io/?EIO=4&transport=websocket"]) {
      const refusal = await refusedUpgrade(rig.url + path);
      expect(refusal).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    }
    expect(rig.admissions).toEqual([]);
    isFull = false;
    await eventually(() => queue.waiting === 0);
    await connect(`${rig.url}/?token=1`);
    expect(rig.admissions).toHaveLength(1);
  });

  it("are refused when their turn comes where there is no room any more", async () => {
    const states = ["ok", "draining"] as const;
    let asked = 0;
    const queue = new AdmissionQueue(10);
    await start({ routing: { queue, capacity: () => states[asked++] ?? "draining" } });
    const refusal = await refusedUpgrade(`${rig.url}/?token=1`);
    expect(refusal).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(asked).toBe(2);
  });

  it.each([
    ["/api/v1/ws/dashboard?token=1", "dashboard"],
    ["/?token=1", "channels"],
    ["/api/study-time?userId=1&courseId=2", "study-time"],
    ["/ws?token=1", "gateway"],
    ["/api/ws/connect?user_id=1", "messenger"],
  ])("%s speaks %s", async (path, speaks) => {
    await start();
    await connect(rig.url + path);
    await eventually(() => rig.raw().traits.speaks === speaks);
  });

  it.each(["/ws/", "/WS?token=1", "/wss", "//", "/api/study-time/1", "/socket.io?EIO=4", "/%77s?token=1", "/nowhere"])(
    "%s is nothing: 404 at once",
    async (path) => {
      await start();
      const refusal = await refusedUpgrade(rig.url + path);
      expect(refusal).toMatchObject({ status: 404, headers: { connection: "close" } });
      expect(rig.admissions).toEqual([]);
    },
  );

  it("below /socket.io/ go to Socket.IO", async () => {
    await start();
    const client = connectSocketIo(`${rig.url}/channels`, { transports: ["websocket"], reconnection: false });
    await eventually(() => client.connected);
    expect(rig.socket().conn.transport.name).toBe("websocket");
    client.disconnect();
  });

  it("from a foreign page are refused with 403, from our own and from no page at all are not", async () => {
    await start({ routing: { allowsOrigin: (origin) => origin === undefined || origin === "https://ours.example" } });
    for (const path of ["/?token=1", "/socket.io/?EIO=4&transport=websocket"]) {
      const refusal = await refusedUpgrade(rig.url + path, { origin: "https://theirs.example" });
      expect(refusal.status).toBe(403);
    }
    await connect(`${rig.url}/?token=1`, { origin: "https://ours.example" });
    await connect(`${rig.url}/?token=1`);
  });

  it.each([
    ["full", "10"],
    ["draining", "1"],
  ] as const)("to a %s node are refused with 503 and Retry-After", async (capacity, retryAfter) => {
    await start({ routing: { capacity: () => capacity } });
    for (const path of ["/?token=1", "/ws?token=1", "/socket.io/?EIO=4&transport=websocket"]) {
      const refusal = await refusedUpgrade(rig.url + path);
      expect(refusal).toMatchObject({ status: 503, headers: { "retry-after": retryAfter } });
    }
    expect(rig.admissions).toEqual([]);
  });

  it("of a session that is in already pass a full node", async () => {
    let capacity: "ok" | "full" = "ok";
    await start({ routing: { capacity: () => capacity } });
    const client = connectSocketIo(`${rig.url}/channels`, { reconnection: false, upgrade: true, autoConnect: false });
    rig.io.engine.on("connection", () => {
      capacity = "full";
    });
    client.connect();
    await eventually(() => client.connected && client.io.engine.transport.name === "websocket");
    client.disconnect();
  });

  it("are answered also when the client hangs up or sends on meanwhile", async () => {
    await start();
    for (let i = 0; i < 20; i++) {
      const socket = connectTcp(rig.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(
        `GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${"x".repeat(9999)}`,
      );
      if (i % 2 === 0) socket.destroy();
      else {
        const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
        expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      }
    }
  });
});

describe("somebody else's server", () => {
  it("keeps the upgrade requests that are its own, and gets all back in the end", async () => {
    await start();
    const theirs = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    theirs.on("upgrade", (request, socket, head) => {
      if (request.url !== "/theirs") return;
      sockets.handleUpgrade(request, socket, head, (ws) => ws.send('{"theirs":true}'));
    });
    const before = theirs.listeners("upgrade");
    const undo = routeUpgrades(theirs, {
      engine: rig.engine,
      allowsOrigin: () => true,
      allowsHost: () => true,
      capacity: () => "ok",
      others: "leave",
    });
    await new Promise<void>((resolve) => theirs.listen(0, "127.0.0.1", resolve));
    const address = theirs.address();
    const url = `ws://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    const foreign = await connect(`${url}/theirs`);
    expect(await foreign.next()).toEqual({ theirs: true });
    await connect(`${url}/ws?token=1`);
    await eventually(() => rig.raw().traits.speaks === "gateway");
    undo();
    expect(theirs.listeners("upgrade")).toEqual(before);
    foreign.ws.terminate();
    theirs.closeAllConnections();
    theirs.close();
  });
});

describe("a request that offers HTTP/2, as Java's HttpClient makes them", () => {
  it.each([0, 10, 300_000])(
    "is an ordinary one, with its body of %i bytes, on a connection that goes on",
    async (length) => {
      const server = createServer((request, response) => {
        let body = 0;
        request.on("data", (part: Buffer) => {
          body += part.length;
        });
        request.on("end", () =>
          response.end(`${request.method} ${request.url} ${body} ${request.headers["x-kept"]}`, "latin1"),
        );
      });
      await start();
      routeUpgrades(server, {
        engine: rig.engine,
        allowsOrigin: () => true,
        allowsHost: () => true,
        capacity: () => "ok",
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const socket = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
      let heard = "";
      socket.on("data", (data: Buffer) => {
        heard += data.toString("latin1");
      });
      const offer =
        "Host: x\r\nX-Kept: caf\xe9\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
      for (const path of ["/one", "/two"]) {
        socket.write(`POST ${path} HTTP/1.1\r\n${offer}Content-Length: ${length}\r\n\r\n`, "latin1");
        socket.write("x".repeat(length));
        await eventually(() => heard.endsWith(`POST ${path} ${length} caf\xe9`));
      }
      expect(heard.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
      socket.destroy();
      server.close();
    },
  );
});
