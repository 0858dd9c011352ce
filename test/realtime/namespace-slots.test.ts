// Connections: one socket per namespace, none without a namespace, none from foreign pages, none beyond what the node takes.
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Json, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";
import { openWire } from "../support/wire.ts";

const JOIN_WITHIN_MS = 600;
let server: TestServer;
beforeAll(async () => {
  const env = { ALLOWED_ORIGINS: "https://school.example", CONNECT_ATTEMPTS_PER_MINUTE: "1000" };
  server = await startClasswire(env, { times: { joinWithinMs: JOIN_WITHIN_MS } });
});
afterAll(() => server.close());

const auth = (user: string): string => JSON.stringify({ token: signToken(user), courseId: "go" });
const sockets = (namespace: string): number => server.classwire.io.of(namespace).sockets.size;

describe("a connection", () => {
  it("gets one socket per namespace, however often it asks, and the last CONNECT is answered", async () => {
    let made = 0;
    const count = (): void => void made++;
    server.classwire.io.of("/channels").on("connection", count);
    const wire = await openWire(server.url);
    for (let n = 1; n < 50; n++) wire.send('0/channels,{"token":"bad"}');
    wire.send(`0/channels,${auth("1")}`);
    await wire.packet(/^40\/channels,/);
    await eventually(() => sockets("/channels") === 1);
    expect(made).toBe(1);
    wire.ws.terminate();
    await eventually(() => sockets("/channels") === 0);
    server.classwire.io.of("/channels").off("connection", count);
  });

  it("joins several namespaces, and one again that it has left", async () => {
    const wire = await openWire(server.url);
    for (const namespace of ["/dashboard", "/channels", "/study-time"])
      await wire.join(namespace, { token: signToken("2"), courseId: "go" });
    for (let n = 0; n < 12; n++) {
      wire.send("1/channels,");
      await eventually(() => sockets("/channels") === 0);
      wire.send(`0/channels,${auth("2")}`);
      await eventually(() => sockets("/channels") === 1);
    }
    expect([sockets("/dashboard"), sockets("/study-time")]).toEqual([1, 1]);
    const [connection] = [...server.classwire.io.of("/channels").sockets.values()].map(({ conn }) => conn as Json);
    expect(connection.listenerCount("close")).toBeLessThan(12); // nothing of those that left is kept
    wire.ws.terminate();
    await eventually(() => sockets("/dashboard") === 0);
  });

  it("that joins nothing is closed, also when it keeps on trying", async () => {
    const began = performance.now();
    const idle = await openWire(server.url);
    const refused = await openWire(server.url);
    const trying = setInterval(() => refused.send('0/channels,{"token":"bad"}'), 50);
    const main = await openWire(server.url);
    main.send(`0${JSON.stringify({ token: signToken("3") })}`);
    await Promise.all([idle.closed, refused.closed, main.closed]);
    clearInterval(trying);
    expect(performance.now() - began).toBeGreaterThanOrEqual(JOIN_WITHIN_MS - 50);
    expect(main.packets.find((packet) => packet.startsWith("44"))).toContain('"code":"FORBIDDEN"');
  });

  it("that leaves its last namespace is closed, and stays while it is in another, a library user's own too", async () => {
    server.classwire.io.of("/own").on("connection", () => undefined);
    const [leaver, stayer, last] = [await openWire(server.url), await openWire(server.url), await openWire(server.url)];
    for (const wire of [leaver, stayer, last]) await wire.join("/channels", { token: signToken("4") });
    stayer.send("0/own,");
    await stayer.packet(/^40\/own,/);
    const left = performance.now();
    for (const wire of [leaver, stayer]) wire.send("1/channels,");
    await leaver.closed;
    expect(performance.now() - left).toBeGreaterThanOrEqual(JOIN_WITHIN_MS - 50);
    last.send("1/channels,");
    await last.closed; // the time of the one in between is over by then
    expect(stayer.ws.readyState).toBe(stayer.ws.OPEN);
    stayer.send("1/own,");
    await stayer.closed;
  });
});

describe("a page", () => {
  const upgrade = (headers: Record<string, string>): Promise<unknown> =>
    openWire(server.url, { headers }).then(
      ({ ws }) => ws.terminate(),
      (error: Error) => error.message,
    );
  const poll = (headers: Record<string, string>, method = "GET") =>
    fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers, method });

  it("from elsewhere is refused, on both transports, and told nothing by CORS", async () => {
    for (const origin of ["https://evil.example", "null", "https://school.example.evil.example"]) {
      expect(await upgrade({ origin })).toBe("Unexpected server response: 403");
      const answer = await poll({ origin });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([403, null]);
      const preflight = await poll({ origin, "access-control-request-method": "GET" }, "OPTIONS");
      expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("from a listed origin, and whatever is no browser, comes in", async () => {
    const origin = "https://school.example";
    expect(await upgrade({ origin })).toBeUndefined();
    expect(await upgrade({})).toBeUndefined();
    const answer = await poll({ origin });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    expect((await poll({})).status).toBe(200);
  });
});

describe("a node", () => {
  async function refusals(url: string): Promise<void> {
    const polled = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect([polled.status, Number(polled.headers.get("retry-after")) > 0]).toEqual([503, true]);
    const asked = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    const [, answer] = await once(asked, "unexpected-response");
    expect([answer.statusCode, Number(answer.headers["retry-after"]) > 0]).toEqual([503, true]);
    answer.destroy();
  }

  it("that is full refuses newcomers and says when to come again, and keeps those it has", async () => {
    const full = await startClasswire({ MAX_CONNECTIONS: "2" });
    const polling = full.connect("/channels", "1", { transports: ["polling"] });
    const websocket = full.connect("/channels", "2", { transports: ["websocket"] });
    await Promise.all([next(polling, "connected"), next(websocket, "connected")]);
    await refusals(full.url);
    for (const socket of [polling, websocket])
      expect(await socket.emitWithAck("heartbeat")).toMatchObject({ ok: true });
    websocket.close();
    await eventually(() => full.classwire.io.engine.clientsCount === 1);
    await next(full.connect("/channels", "3"), "connected");
    await full.close();
  });

  it("that is draining refuses newcomers and says when to come again", async () => {
    const draining = await startClasswire();
    draining.classwire.drain();
    await refusals(draining.url);
    await draining.close();
  });
});
