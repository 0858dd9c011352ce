// Rights that a token gave and the next one does not: what only they allowed is heard no more, and the client is told.
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, startClasswire, type TestServer } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { type Inbox, inboxOf } from "../../support/inbox.ts";
import { type Client, connect } from "../../support/raw-client.ts";
import { signToken } from "../../support/tokens.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startClasswire();
});
afterAll(() => server.close());

const as = (user: string, role: string): string => signToken({ sub: user, role });
const notify = (userId: string, title: string) =>
  server.call("POST", "/api/v1/notifications", { userId, title, message: "m" });
const subscribe = async (socket: Socket, channel: string): Promise<void> =>
  expect(await socket.emitWithAck("subscribe", { channel })).toMatchObject({ ok: true });

async function register(sessionId: string, userId: string): Promise<void> {
  expect((await server.call("POST", "/api/v1/run-sessions", { sessionId, userId })).status).toBe(201);
}

async function open(user: string, role: string): Promise<{ socket: Socket; inbox: Inbox }> {
  const socket = server.connect("/channels", as(user, role));
  const inbox = inboxOf(socket);
  await next(socket, "connected");
  return { socket, inbox };
}

describe("a token that is renewed as a user's after it was a service's", () => {
  it("ends what only the service may hear, tells of each, and leaves the rest alone", async () => {
    await register("run-a", "a");
    await register("run-b", "b");
    const { socket, inbox } = await open("a", "service");
    const others = ["notifications/b", "messages/b", "rooms/staff", "run-results/run-b", "run-results/nobodys"];
    const own = ["notifications/a", "run-results/run-a", "rooms/class"];
    expect(await socket.emitWithAck("join_room", { room: "class" })).toMatchObject({ ok: true });
    for (const channel of [...others, ...own]) await subscribe(socket, channel);

    expect(await socket.emitWithAck("refresh_token", { token: as("a", "user") })).toEqual({ ok: true });
    const errors = inbox.payloads("error");
    expect(errors.map((error) => (error as { channel: string }).channel).sort()).toEqual([...others].sort());
    for (const error of errors)
      expect(error).toMatchObject({ code: "FORBIDDEN", message: expect.stringMatching(/ is not yours$/) });

    await notify("b", "to another");
    server.classwire.io.of("/channels").to("notifications/b").emit("notifications", { channel: "emitted" });
    await server.call("POST", "/api/v1/run-results/run-b", { stdout: "b", stderr: "", exitCode: 0, duration: 1 });
    await server.call("POST", "/api/v1/rooms/staff/messages", { text: "staff" });
    await server.call("POST", "/api/v1/run-results/run-a", { stdout: "a", stderr: "", exitCode: 0, duration: 1 });
    await server.call("POST", "/api/v1/rooms/class/messages", { text: "class" });
    await notify("a", "to oneself");
    await eventually(() => inbox.names().filter((name) => name === "notifications").length === 1);
    await eventually(() => inbox.names().includes("room_message") && inbox.names().includes("run-results"));
    expect(inbox.payloads("notifications")).toMatchObject([{ channel: "notifications/a" }]);
    expect(inbox.payloads("run-results")).toMatchObject([{ channel: "run-results/run-a" }]);
    expect(inbox.payloads("room_message")).toMatchObject([{ text: "class" }]);
    expect(await socket.emitWithAck("ack", { channel: "notifications/b", offset: 1 })).toMatchObject({ ok: false });
    expect(await socket.emitWithAck("subscribe", { channel: "notifications/b" })).toMatchObject({ ok: false });
  });

  it("ends nothing where the rights are the same, or more", async () => {
    await register("run-c", "c");
    const { socket, inbox } = await open("c", "user");
    for (const channel of ["notifications/c", "run-results/run-c"]) await subscribe(socket, channel);
    for (const role of ["user", "service", "admin"]) {
      expect(await socket.emitWithAck("refresh_token", { token: as("c", role) })).toEqual({ ok: true });
    }
    expect(inbox.payloads("error")).toEqual([]);
    await notify("c", "still heard");
    await eventually(() => inbox.names().includes("notifications"));
  });

  it("ends what cannot be decided because the database is away", async () => {
    await register("run-d", "d");
    const { socket, inbox } = await open("d", "admin");
    await subscribe(socket, "run-results/run-d");
    const { runSessions } = server.classwire.services;
    const { owner } = runSessions;
    runSessions.owner = () => Promise.reject(new Error("away"));
    try {
      expect(await socket.emitWithAck("refresh_token", { token: as("d", "user") })).toEqual({ ok: true });
    } finally {
      runSessions.owner = owner;
    }
    expect(inbox.payloads("error")).toMatchObject([{ code: "FORBIDDEN", channel: "run-results/run-d" }]);
  });
});

describe("a raw connection that goes on after a cut", () => {
  const dial = async (user: string, role: string): Promise<Client> => {
    const client = await connect(`${server.url.replace("http", "ws")}/?token=${as(user, role)}`);
    expect(await client.next()).toMatchObject({ type: "connected", userId: user });
    return client;
  };
  const subscribeRaw = async (client: Client, channel: string): Promise<void> => {
    client.send({ type: "subscribe", channel });
    expect(await client.next()).toEqual({ type: "subscribed", channel });
  };
  const cut = async (client: Client): Promise<void> => {
    client.ws.terminate();
    await client.closed;
  };

  it("as a user hears nothing that the same user heard as a service, and is told", async () => {
    await register("run-e", "e");
    await register("run-f", "f");
    const service = await dial("e", "service");
    for (const channel of ["notifications/f", "run-results/run-f", "run-results/run-e", "notifications/e"]) {
      await subscribeRaw(service, channel);
    }
    await cut(service);

    const user = await dial("e", "user");
    const told = [await user.next(), await user.next()];
    expect(told.map(({ type }) => type)).toEqual(["error", "error"]);
    expect(told.map(({ message }) => message).sort()).toEqual([
      "channel notifications/f is not yours",
      "channel run-results/run-f is not yours",
    ]);
    await notify("f", "to another");
    await server.call("POST", "/api/v1/run-results/run-f", { stdout: "f", stderr: "", exitCode: 0, duration: 1 });
    await server.call("POST", "/api/v1/run-results/run-e", { stdout: "e", stderr: "", exitCode: 0, duration: 1 });
    await notify("e", "to oneself");
    const heard = [await user.next(), await user.next()];
    expect(heard.map(({ channel }) => channel).sort()).toEqual(["notifications/e", "run-results/run-e"]);

    // What was given up stays so, also when the rights come back.
    await cut(user);
    const again = await dial("e", "service");
    await notify("f", "to another");
    await notify("e", "once more");
    const titles = () => again.frames.map(({ data }) => (data as { title?: string } | undefined)?.title);
    await eventually(() => titles().includes("once more"));
    expect(again.frames.map(({ channel }) => channel)).not.toContain("notifications/f");
    again.ws.close();
  });

  it("as a service goes on with all of it, rooms that it has not joined too", async () => {
    const first = await dial("g", "service");
    for (const channel of ["notifications/h", "rooms/staff-room"]) await subscribeRaw(first, channel);
    await cut(first);
    const second = await dial("g", "service");
    await notify("h", "to another");
    expect(await second.next()).toMatchObject({ channel: "notifications/h" });
    await eventually(() => server.classwire.io.of("/channels").adapter.rooms.get("rooms/staff-room")?.size === 1);
    second.ws.close();
  });
});
