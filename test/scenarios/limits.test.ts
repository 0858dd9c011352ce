// Limits as clients meet them: attempts, connections, messages.
import type { Socket as NetSocket } from "node:net";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { collect, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { startFlood } from "../support/flood.ts";
import { inboxOf, settled } from "../support/inbox.ts";
import { type Client, connect, refusedUpgrade } from "../support/raw-client.ts";
import { signToken } from "../support/tokens.ts";
import { openWire, type Wire } from "../support/wire.ts";

let server: TestServer;
const wires: Wire[] = [];
const raw: Client[] = [];
beforeAll(async () => {
  server = await startClasswire(
    { MESSAGES_PER_SECOND: "10", DASHBOARD_CONNECTIONS_PER_USER: "2", GATEWAY_CONNECTIONS_PER_USER: "3" },
    { times: { probeMs: 300 } },
  );
});
afterEach(() => {
  for (const { ws } of [...wires.splice(0), ...raw.splice(0)]) ws.terminate();
});
afterAll(() => server.close());

const connected = async (namespace: string, who: string, options = {}): Promise<Socket> => {
  const socket = server.connect(namespace, who, options);
  await next(socket, "connected");
  return socket;
};
const refusal = async (namespace: string, who: string): Promise<string> => {
  const [error] = await next(server.connect(namespace, who), "connect_error");
  return error.data.code;
};

describe("connections of one user to /channels", () => {
  it("are five at most, on all transports together; the sixth is refused and none of them is harmed", async () => {
    const sockets = [];
    for (const transport of ["websocket", "polling", "websocket", "polling", "websocket"])
      sockets.push(await connected("/channels", "five", { transports: [transport] }));
    const gone = sockets.map((socket) => collect(socket, "disconnect"));
    expect(await refusal("/channels", "five")).toBe("RATE_LIMIT");
    for (const socket of sockets) expect(await socket.emitWithAck("heartbeat")).toMatchObject({ ok: true });
    expect(gone.flat()).toEqual([]);
    sockets[0]?.close();
    await eventually(() => server.classwire.io.of("/channels").adapter.rooms.get("user:five")?.size === 4);
    await connected("/channels", "five");
    await connected("/channels", "another user");
  });

  it("that no longer answer a ping give way", async () => {
    for (let n = 0; n < 5; n++) {
      const wire = await openWire(server.url, { answersPings: n > 1 });
      wires.push(wire);
      await wire.join("/channels", { token: signToken("half dead") });
    }
    await connected("/channels", "half dead");
    await connected("/channels", "half dead");
    expect(await refusal("/channels", "half dead")).toBe("RATE_LIMIT");
    await Promise.all(wires.slice(0, 2).map(({ closed }) => closed));
    for (const { ws } of wires.slice(2)) expect(ws.readyState).toBe(ws.OPEN);
  });

  it("are five at most, whatever comes at once", async () => {
    const crowd = Array.from({ length: 12 }, () => server.connect("/channels", "crowd"));
    const outcomes = await Promise.all(
      crowd.map((socket) =>
        next(socket, "connected").then(
          () => "in",
          () => "out",
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "in")).toHaveLength(5);
  });
});

describe("raw connections", () => {
  const open = (path: string, who: string) =>
    connect(`${server.url.replace("http", "ws")}${path}?token=${signToken(who)}`).then((client) => {
      raw.push(client);
      return client;
    });
  const refused = (path: string, who: string) =>
    refusedUpgrade(`${server.url.replace("http", "ws")}${path}?token=${signToken(who)}`);

  it("of the channels dialect share the five with Socket.IO, whichever comes last", async () => {
    for (let n = 0; n < 3; n++) await connected("/channels", "shares");
    for (let n = 0; n < 2; n++) await open("/", "shares");
    expect(await refusal("/channels", "shares")).toBe("RATE_LIMIT");
    expect((await refused("/", "shares")).status).toBe(429);
    raw.at(-1)?.ws.close();
    await raw.at(-1)?.closed;
    await connected("/channels", "shares");
    expect((await refused("/", "shares")).status).toBe(429);
  });

  it("of gateway and messenger have a limit of their own, GATEWAY_CONNECTIONS_PER_USER", async () => {
    await open("/ws", "devices");
    await open("/ws", "devices");
    await open("/api/ws/connect", "devices");
    for (const path of ["/ws", "/api/ws/connect"]) {
      const { status, headers } = await refused(path, "devices");
      expect([path, status, headers["retry-after"]]).toEqual([path, 429, expect.stringMatching(/^\d+$/)]);
    }
    await open("/ws", "another user");
    await connected("/channels", "devices"); // counts apart
  });
});

describe("dashboards", () => {
  it("are as many as the operator says, and the newest wins", async () => {
    const [first, second] = [await connected("/dashboard", "21"), await connected("/dashboard", "21")];
    const [inbox, gone] = [inboxOf(first), next(first, "disconnect")];
    const third = await connected("/dashboard", "21");
    await gone;
    expect(inbox.payloads("close")).toEqual([{ reason: "replaced", timestamp: expect.any(String) }]);
    expect([first, second, third].map((socket) => socket.connected)).toEqual([false, true, true]);
    const crowd = await Promise.all(Array.from({ length: 5 }, () => connected("/dashboard", "21")));
    await eventually(() => [second, third, ...crowd].filter((socket) => socket.connected).length === 2);
  });

  it("may be tried ten times a minute, and a refused attempt does not count", async () => {
    for (let n = 0; n < 10; n++) (await connected("/dashboard", "22")).close();
    for (let n = 0; n < 3; n++) expect(await refusal("/dashboard", "22")).toBe("RATE_LIMIT");
    await connected("/dashboard", "23"); // another user
    await connected("/channels", "22"); // another namespace

    // Attempts that are refused for another reason do not count either.
    for (let n = 0; n < 15; n++) {
      const socket = server.connect("/dashboard", "24", { auth: { since: -1 } });
      expect((await next(socket, "connect_error"))[0].data.code).toBe("INVALID_MESSAGE");
    }
    await connected("/dashboard", "24");
  });
});

/** Floods of each kind on raw connections and Socket.IO's, and how much of a connection the server has read, by its client's port. */
function startFloods() {
  const read = new Map<number | undefined, NetSocket>();
  server.classwire.server.on("connection", (socket) => read.set(socket.remotePort, socket));
  const port = Number(new URL(server.url).port);
  const path = (n: number) => `/?token=${signToken(`flood-${n}`)}`;
  const socketIo = "/socket.io/?EIO=4&transport=websocket";
  const join = (n: number) => ({
    before: [`40/channels,${JSON.stringify({ token: signToken(`flood-${n}`) })}`],
    ready: "40/channels,",
  });
  const floods = [
    startFlood(port, path(0), { ready: "connected", text: '{"type":"heartbeat"}' }),
    startFlood(port, path(1), { ready: "connected", text: '{"type":"subscribe","channel":"rooms/x"}' }),
    startFlood(port, path(2), { ready: "connected", text: "{" }),
    startFlood(port, path(3), { ready: "connected", opcode: 9, text: "" }),
    startFlood(port, path(4), { ready: "connected", opcode: 10, text: "" }),
    startFlood(port, socketIo, { ...join(5), text: '42/channels,["heartbeat"]' }),
    startFlood(port, socketIo, { ...join(6), text: "43/channels,1[]" }),
    startFlood(port, socketIo, { ...join(7), text: "3" }),
    startFlood(port, socketIo, { ...join(8), opcode: 9, text: "" }),
    startFlood(port, socketIo, { ready: '0{"sid"', text: "40/nowhere," }),
  ];
  return { floods, bytesRead: (from: number | undefined) => read.get(from)?.bytesRead ?? Number.NaN };
}

describe("messages of one connection", () => {
  it("above the rate are dropped, and once a second that is said", async () => {
    const socket = await connected("/channels", "talker");
    const inbox = inboxOf(socket);
    const began = performance.now();
    for (let n = 0; n < 60; n++) socket.emit("user_message", { to: "listener", text: `${n}` });
    await inbox.wait("error");
    expect(inbox.payloads("error")).toEqual([
      { code: "RATE_LIMIT", message: "too many messages", timestamp: expect.any(String) },
    ]);
    // Once it is heard again, what came before has been dealt with.
    await eventually(
      async () =>
        (
          await socket
            .timeout(100)
            .emitWithAck("heartbeat")
            .catch(() => null)
        )?.ok,
    );
    const kept = (await server.call("GET", "/api/v1/channels/messages/listener/events")).body.head;
    expect(kept).toBeGreaterThanOrEqual(20);
    expect(kept).toBeLessThanOrEqual(20 + Math.ceil((performance.now() - began) / 100));
    expect(socket.connected).toBe(true);
  });

  it("count together in all of its namespaces", async () => {
    const wire = await openWire(server.url);
    wires.push(wire);
    for (const namespace of ["/dashboard", "/channels", "/study-time"])
      await wire.join(namespace, { token: signToken("31"), courseId: "go" });
    for (let n = 0; n < 15; n++) {
      wire.send(`2/dashboard,${n}["ping"]`);
      wire.send(`2/channels,${n}["heartbeat"]`);
      wire.send(`2/study-time,${n}["heartbeat"]`);
    }
    const answers = (): string[] => wire.packets.filter((packet) => packet.startsWith("43"));
    await eventually(() => answers().some((packet) => packet.includes("RATE_LIMIT")));
    await eventually(() => answers().filter((packet) => packet.includes('"ok":true')).length >= 20);
    expect(answers().filter((packet) => packet.includes('"ok":true')).length).toBeLessThanOrEqual(25);
  });

  it("above the rate for ten seconds end it, events and other packets alike", async () => {
    const [events, acks] = [await openWire(server.url), await openWire(server.url)];
    wires.push(events, acks);
    for (const wire of [events, acks]) await wire.join("/channels", { token: signToken("flood") });
    const began = performance.now();
    const { floods, bytesRead } = startFloods();
    const flood = setInterval(() => {
      for (let n = 0; n < 20; n++) {
        events.send('2/channels,["heartbeat"]');
        acks.send("3/channels,1[]");
      }
    }, 100);
    await Promise.all([events.closed, acks.closed]);
    clearInterval(flood);
    expect(performance.now() - began).toBeGreaterThan(8000);
    expect(events.packets.find((packet) => packet.includes('["close"'))).toContain("too many messages");
    const notices = events.packets.filter((packet) => packet.includes("RATE_LIMIT"));
    expect(notices.length).toBeGreaterThanOrEqual(8);
    expect(notices.length).toBeLessThanOrEqual(12);
    await settled(await connected("/channels", "flood"));

    // Those who send as fast as they can are held back by TCP: the server reads them no faster than it handles them.
    await Promise.all(floods.map(({ ended }) => ended));
    for (const { heard } of floods.slice(0, 2)) {
      expect(heard()).toContain("\x03\xf0too many messages"); // 1008
      const told = heard().match(/"message":"too many messages"/g)?.length ?? 0;
      expect(told).toBeGreaterThanOrEqual(8);
      expect(told).toBeLessThanOrEqual(12);
    }
    expect(floods[0]?.heard().match(/"type":"heartbeat"/g)?.length).toBeLessThanOrEqual(20 + 12 * 10);
    for (const { port } of floods) expect(bytesRead(port())).toBeLessThan(1_500_000);
  });
});
