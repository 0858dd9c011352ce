// Clients that change their mind: connect, disconnect and connect again at once, on one Manager. They end connected, once.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { Manager, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Admission } from "../../src/realtime/admission.ts";
import { authenticate } from "../../src/realtime/authentication.ts";
import { ConnectOrder } from "../../src/realtime/connect-order.ts";
import { createNamespaceSlots } from "../../src/realtime/namespace-slots.ts";
import type { AnyNamespace } from "../../src/realtime/types.ts";
import { connectTo, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase, sharedRedis } from "../support/shared.ts";
import { signToken } from "../support/tokens.ts";
import { openWire, type Wire } from "../support/wire.ts";

let server: TestServer;
const closing: (() => void)[] = [];
async function start(env: Record<string, string>): Promise<void> {
  const attempts = { CONNECT_ATTEMPTS_PER_MINUTE: "1000", DASHBOARD_ATTEMPTS_PER_MINUTE: "1000" };
  server = await startClasswire({ ...attempts, ...env }, { times: { probeMs: 500, joinWithinMs: 1000 } });
}
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Sockets of one Manager, with another namespace that keeps the connection open. */
async function page(user: string, transport: "websocket" | "polling") {
  const manager = new Manager(server.url, { path: "/socket.io", transports: [transport], reconnectionDelay: 50 });
  closing.push(() => manager._close());
  const auth = { token: signToken(user), courseId: "go" };
  const other = manager.socket("/study-time", { auth });
  await next(other, "connected");
  return { manager, other, channels: manager.socket("/channels", { auth }) };
}

const sizeOf = (user: string): number =>
  server.classwire.io.of("/channels").adapter.rooms.get(`user:${user}`)?.size ?? 0;

/** How many further connections of the user have a place among the five. */
async function freePlaces(user: string): Promise<number> {
  const others = Array.from({ length: 5 }, () => connectTo(server.url, "/channels", user));
  closing.push(...others.map((socket) => () => socket.close()));
  const outcomes = await Promise.all(
    others.map((socket) =>
      next(socket, "connected").then(
        () => 1,
        () => 0,
      ),
    ),
  );
  return outcomes.reduce<number>((sum, outcome) => sum + outcome, 0);
}

async function isIn(socket: Socket): Promise<void> {
  await eventually(async () => socket.connected && (await socket.timeout(200).emitWithAck("heartbeat")).ok === true);
}

describe.each(["in memory", "on Redis"])("with its slots %s,", (where) => {
  beforeAll(async () => {
    const shared = async () => ({ REDIS_URL: await sharedRedis(), DATABASE_URL: await createDatabase() });
    await start(where === "on Redis" ? await shared() : {});
  });
  afterAll(() => server.close());

  describe.each(["websocket", "polling"] as const)(
    "over %s, a client that connects, disconnects and connects",
    (transport) => {
      it("while nothing has been answered is connected, and has one place", async () => {
        const user = `pending-${transport}`;
        const { channels, other } = await page(user, transport);
        const gone: string[] = [];
        other.on("disconnect", (reason) => gone.push(reason));
        const errors: unknown[] = [];
        channels.on("connect_error", (error) => errors.push(error.message));
        channels.connect();
        channels.disconnect();
        channels.connect();
        await isIn(channels);
        expect(errors).toEqual([]);
        expect(gone).toEqual([]);
        expect(sizeOf(user)).toBe(1);
        expect(await freePlaces(user)).toBe(4);
      });

      it("after it was in is connected, on the same connection", async () => {
        const user = `in-${transport}`;
        const { channels, other } = await page(user, transport);
        const gone: string[] = [];
        other.on("disconnect", (reason) => gone.push(reason));
        channels.connect();
        await isIn(channels);
        for (let n = 0; n < 5; n++) {
          channels.disconnect();
          channels.connect();
          await isIn(channels);
        }
        expect(gone).toEqual([]);
        expect(sizeOf(user)).toBe(1);
        expect(await freePlaces(user)).toBe(4);
      });

      it("twenty times at every moment is connected, and presence and counts are exact", async () => {
        const user = `often-${transport}`;
        const watcher = server.connect("/channels", "watcher");
        await next(watcher, "connected");
        const { channels, other } = await page(user, transport);
        const gone: string[] = [];
        other.on("disconnect", (reason) => gone.push(reason));
        for (let n = 0; n < 20; n++) {
          channels.connect();
          // From "at once" to "just after it was let in".
          for (let turn = 0; turn < n; turn++) await new Promise((resolve) => setImmediate(resolve));
          channels.disconnect();
        }
        channels.connect();
        await isIn(channels);
        expect(gone).toEqual([]);
        await eventually(() => sizeOf(user) === 1);
        expect((await watcher.emitWithAck("presence", { users: [user] })).online).toEqual([user]);
        channels.disconnect();
        await eventually(() => sizeOf(user) === 0);
        await eventually(async () => (await watcher.emitWithAck("presence", { users: [user] })).online.length === 0);
        expect(await freePlaces(user)).toBe(5);
        watcher.close();
      });

      it("during the probe at a limit is connected once a dead connection has given way", async () => {
        const user = `probe-${transport}`;
        const dead: Wire[] = [];
        for (let n = 0; n < 5; n++) {
          const wire = await openWire(server.url, { answersPings: n > 0 });
          await wire.join("/channels", { token: signToken(user) });
          dead.push(wire);
          closing.push(() => wire.ws.terminate());
        }
        const probed = new Promise<void>((resolve) => {
          dead[0]?.ws.on("message", (data) => data.toString() === "2" && resolve());
        });
        const { channels } = await page(user, transport);
        const errors: unknown[] = [];
        channels.on("connect_error", (error) => errors.push(error.message));
        channels.connect();
        await probed;
        channels.disconnect();
        channels.connect();
        await isIn(channels);
        expect(errors).toEqual([]);
        expect(sizeOf(user)).toBe(5);
        expect(await freePlaces(user)).toBe(0);
      });
    },
  );

  describe("a CONNECT on a connection that is in the namespace", () => {
    const auth = JSON.stringify({ token: signToken("wire") });
    const packets = (wire: Wire, start: string) => wire.packets.filter((packet) => packet.startsWith(start));

    it("begins anew, and what was sent in between is answered then", async () => {
      const wire = await openWire(server.url);
      closing.push(() => wire.ws.terminate());
      await wire.join("/channels", { token: signToken("wire") });
      const ends: string[] = [];
      for (const socket of server.classwire.io.of("/channels").sockets.values())
        socket.on("disconnect", (reason) => ends.push(reason));
      wire.send(`0/channels,${auth}`);
      wire.send('2/channels,7["heartbeat"]');
      await wire.packet(/^43\/channels,7\[\{"ok":true/);
      expect(packets(wire, "40/channels,")).toHaveLength(2);
      expect(ends).toEqual(["client namespace disconnect"]);
      expect(sizeOf("wire")).toBe(1);
    });

    it("after a DISCONNECT in the same segment begins anew, too, and a DISCONNECT behind it leaves for good", async () => {
      const wire = await openWire(server.url);
      closing.push(() => wire.ws.terminate());
      await wire.join("/channels", { token: signToken("wire-2") });
      wire.send("1/channels,");
      wire.send(`0/channels,${JSON.stringify({ token: signToken("wire-2") })}`);
      await eventually(() => packets(wire, "40/channels,").length === 2);
      expect(sizeOf("wire-2")).toBe(1);
      wire.send(`0/channels,${JSON.stringify({ token: signToken("wire-2") })}`);
      wire.send("1/channels,");
      await eventually(() => packets(wire, "40/channels,").length === 3 && sizeOf("wire-2") === 0);
      await wire.join("/dashboard", { token: signToken("2") });
      expect(wire.ws.readyState).toBe(wire.ws.OPEN);
    });

    it("that is refused ends the connection, lest its client believes that it is still in", async () => {
      const wire = await openWire(server.url);
      closing.push(() => wire.ws.terminate());
      await wire.join("/channels", { token: signToken("wire-3") });
      wire.send('0/channels,{"token":"bad"}');
      await wire.closed;
      await eventually(() => sizeOf("wire-3") === 0);
    });

    it("that asks for nonsense is no way out for the one before it", async () => {
      const wire = await openWire(server.url);
      closing.push(() => wire.ws.terminate());
      const token = signToken("5");
      wire.sendAtOnce([
        `0/dashboard,${JSON.stringify({ token })}`,
        `0/dashboard,${JSON.stringify({ token, since: -1 })}`,
      ]);
      expect(await wire.packet(/^44\/dashboard,/)).toContain("INVALID_MESSAGE");
      await wire.join("/channels", { token: signToken("5") });
      expect(server.classwire.io.of("/dashboard").adapter.rooms.has("user:5")).toBe(false);
      expect(packets(wire, "40/dashboard,")).toEqual([]);
    });

    it("and that floods before it is in again is closed", async () => {
      const { url, close } = await startUndecided();
      const wire = await openWire(url);
      closing.push(() => wire.ws.terminate());
      await wire.join("/channels", {});
      wire.sendAtOnce(["0/channels,", ...Array(300).fill('2/channels,["heartbeat"]')]);
      await wire.closed;
      await close();
    });
  });
});

/** A server that admits the first CONNECT, and never decides on the second. */
async function startUndecided(): Promise<{ url: string; close: () => Promise<void> }> {
  const http = createServer();
  const io = new Server(http);
  const admission = { release: async () => undefined, withdraw: async () => undefined } as unknown as Admission;
  let connects = 0;
  authenticate(io.of("/channels") as unknown as AnyNamespace, {
    admit: () => (connects++ === 0 ? Promise.resolve(admission) : new Promise(() => undefined)),
    slots: createNamespaceSlots(60_000),
    connects: new ConnectOrder(),
    onRefused: () => undefined,
    turn: () => Promise.resolve(),
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, close: () => io.close() };
}
