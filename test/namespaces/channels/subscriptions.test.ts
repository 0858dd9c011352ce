// Subscriptions that cannot be made: nothing is left of them.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore, type Store } from "../../../src/store/store.ts";
import { next, startClasswire, type TestServer } from "../../support/classwire.ts";
import { inboxOf } from "../../support/inbox.ts";
import { createDatabase } from "../../support/shared.ts";

let server: TestServer;
let store: Store;
beforeAll(async () => {
  const url = await createDatabase();
  server = await startClasswire({ DATABASE_URL: url });
  store = await openStore({ kind: "postgres", url });
});
afterAll(async () => {
  await server.close();
  await store.close();
});

it("who could not join because the log was away hears nothing of the room, and may try again", async () => {
  const socket = server.connect("/channels", "outsider");
  const inbox = inboxOf(socket);
  await next(socket, "connected");
  await socket.emitWithAck("presence", { users: ["outsider"] }); // answered when its own channels are there
  const emit = (to: string, message: string) =>
    server.classwire.io.of("/channels").to(to).emit("system", { message, level: "info", code: 0, timestamp: 1 });

  await store.query("ALTER TABLE channels RENAME TO out_of_reach", []);
  const refused = await socket
    .emitWithAck("join_room", { room: "closed" })
    .finally(() => store.query("ALTER TABLE out_of_reach RENAME TO channels", []));
  expect(refused).toMatchObject({ ok: false, error: { code: "SERVER_ERROR" } });
  emit("rooms/closed", "in the room");
  emit("user:outsider", "to the user");
  expect(await inbox.wait("system")).toMatchObject([{ message: "to the user" }]);

  expect(await socket.emitWithAck("join_room", { room: "closed" })).toMatchObject({ ok: true, members: 1 });
  emit("rooms/closed", "in the room again");
  expect(await inbox.wait("system", 2)).toHaveLength(2);
});

it("whoever hears a channel whose row goes hears what comes in it later, pending run sessions included, in the same epoch", async () => {
  const socket = server.connect("/channels", "runner");
  const inbox = inboxOf(socket);
  const [greeting] = await next(socket, "connected");
  const push = (session: string) =>
    server.call("POST", `/api/v1/run-results/${session}`, { stdout: "", stderr: "", exitCode: 0, duration: 1 });
  const register = (sessionId: string) => server.call("POST", "/api/v1/run-sessions", { sessionId, userId: "runner" });
  await register("long");
  await push("long");
  await socket.emitWithAck("subscribe", { channel: "run-results/long" });
  await inbox.wait("run-results");

  // What the retention job does once all of it has expired and the floor has stood for its time.
  await store.query("INSERT INTO settings (name, value) VALUES ('offset-floor', '2048')", []);
  await store.query("DELETE FROM channel_events WHERE channel = 'run-results/long'", []);
  await store.query("DELETE FROM channels WHERE name = 'run-results/long'", []);
  const pending = await socket.emitWithAck("subscribe", { channel: "run-results/pending" });
  expect(pending).toMatchObject({ offset: 2048, recovered: true, replayed: 0 });
  await register("pending");
  await push("pending");
  await push("long");
  await inbox.wait("run-results", 3);
  const heard = inbox.metas("run-results").map(({ channel, offset }) => `${channel} ${offset}`);
  expect(heard.sort()).toEqual(["run-results/long 1", "run-results/long 2049", "run-results/pending 2049"]);
  expect(store.history.epoch).toBe(greeting.epoch);
  await store.history.check();
  expect(store.history.epoch).toBe(greeting.epoch);
});
