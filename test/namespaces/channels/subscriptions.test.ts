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
