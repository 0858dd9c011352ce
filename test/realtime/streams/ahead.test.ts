// A database that is ahead of what this node has heard, because another node has just written: nobody hears an event twice.
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEventLog, type EventLog } from "../../../src/event-log/event-log.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import { next, startClasswire, type TestServer } from "../../support/classwire.ts";
import { type Inbox, inboxOf } from "../../support/inbox.ts";
import { createDatabase } from "../../support/shared.ts";
import { signToken } from "../../support/tokens.ts";

let server: TestServer;
let store: Store;
let elsewhere: EventLog;
beforeAll(async () => {
  const url = await createDatabase();
  // It hears nothing of other nodes, and does not look by itself.
  server = await startClasswire({ DATABASE_URL: url }, { times: { compareEveryMs: 3_600_000 } });
  store = await openStore({ kind: "postgres", url });
  elsewhere = createEventLog({ store, retention: { days: 7, count: 1000 } });
});
afterAll(async () => {
  await server.close();
  await elsewhere.close();
  await store.close();
});

const channel = "rooms/a";
const say = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) {
    const data = { room: "a", text: `${n}`, from: "1", timestamp: Date.now() };
    await elsewhere.append({ channel, event: "room_message", data });
  }
};

async function subscribe(since: number): Promise<Inbox> {
  const socket = server.connect("/channels", signToken({ sub: "backend", role: "service" }));
  const inbox = inboxOf(socket);
  await next(socket, "connected");
  expect(await socket.emitWithAck("subscribe", { channel, since })).toMatchObject({ ok: true, recovered: true });
  return inbox;
}

it("each subscriber hears what is behind its own since, once, whatever the node knew", async () => {
  await say(2);
  const first = await subscribe(0);
  await first.wait("room_message", 2);
  await say(3); // the node does not know
  const [ahead, behind] = [await subscribe(5), await subscribe(3)];
  await first.wait("room_message", 5);
  await behind.wait("room_message", 2);
  await say(1);
  const { body } = await server.call("POST", "/api/v1/rooms/a/messages", { text: "the last" });
  expect(body.offset).toBe(7);
  const offsets = async (inbox: Inbox, count: number): Promise<number[]> => {
    await inbox.wait("room_message", count);
    return inbox.metas("room_message").map(({ offset }) => offset);
  };
  expect(await offsets(first, 7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(await offsets(behind, 4)).toEqual([4, 5, 6, 7]);
  expect(await offsets(ahead, 2)).toEqual([6, 7]);
});
