// Which engine serves whom: a WebSocket that is opened at once needs no engine.io, unless a library user has put something on it.
import { afterEach, beforeEach, expect, test } from "vitest";
import { EngineIoConnection } from "../src/engine-io/connection.ts";
import { next, startClasswire, type TestServer } from "./support/classwire.ts";
import { eventually } from "./support/eventually.ts";

let server: TestServer;
let users = 1;
beforeEach(async () => {
  server = await startClasswire({ TRANSPORTS: "websocket,polling" });
});
afterEach(() => server?.close());

/** Whether this client's connection is the direct engine's. */
async function isDirect(transports: ("polling" | "websocket")[]): Promise<boolean> {
  const user = String(users++);
  const socket = server.connect("/channels", user, { transports });
  await next(socket, "connected");
  await eventually(() => socket.io.engine.transport.name === transports.at(-1));
  const sockets = [...server.classwire.io.of("/channels").sockets.values()];
  const { conn } = sockets.find(({ id }) => id === socket.id) ?? {};
  return (conn as unknown) instanceof EngineIoConnection;
}

test("clients that open a WebSocket at once are served without engine.io, the others by it", async () => {
  expect(await isDirect(["websocket"])).toBe(true);
  expect(await isDirect(["polling"])).toBe(false);
  expect(await isDirect(["polling", "websocket"])).toBe(false);
});

test("a library user's ids are those of every client", async () => {
  const { engine } = server.classwire.io;
  const ids: string[] = [];
  engine.generateId = () => {
    const id = `own-${ids.length}`;
    ids.push(id);
    return id;
  };
  expect(await isDirect(["websocket"])).toBe(false);
  expect(Object.keys((engine as unknown as { clients: object }).clients)).toEqual(["own-0"]);
});

test("a library user's middleware and headers hold for every client", async () => {
  const { engine } = server.classwire.io;
  const seen: string[] = [];
  engine.use((request: { url: string }, _response: unknown, next: () => void) => {
    seen.push(request.url);
    next();
  });
  expect(await isDirect(["websocket"])).toBe(false);
  expect(seen).toHaveLength(1);
});
