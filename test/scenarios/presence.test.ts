// Presence of many over several nodes: how little a room is told, and that it adds up to who is there.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { listen, listenRaw, type Nodes, type SocketListener, startNodes } from "./nodes.ts";

const NAMED = 8;
let nodes: Nodes;
beforeAll(async () => {
  nodes = await startNodes(2, { PRESENCE_LIST_MAX: `${NAMED}` });
});
afterAll(() => nodes.close());

const changes = ({ heard }: SocketListener): Json[] =>
  heard.filter(({ name }) => name === "presence").map(({ body }) => body);

/** Whom a client believes to be in the room, by what it was told. */
function known(listener: SocketListener): string[] {
  const users = new Set<string>();
  for (const { joined, left } of changes(listener)) {
    for (const user of joined) users.add(user);
    for (const user of left) users.delete(user);
  }
  return [...users].sort();
}

const crowd = (room: string, count: number): Promise<SocketListener[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const member = await listen(nodes.node(index % 2), "/channels", `${room}-${index}`);
      await member.ask("join_room", { room });
      return member;
    }),
  );

describe("a room whose members are on two nodes", () => {
  it("is told of all that come at once together, on both nodes alike, and of nobody twice", async () => {
    const watchers = [await listen(nodes.node(0), "/channels", "w0"), await listen(nodes.node(1), "/channels", "w1")];
    const raw = await listenRaw(nodes.node(1), "/ws", "r");
    for (const watcher of watchers) await watcher.ask("join_room", { room: "few" });
    raw.send({ type: "join_room", content: "few" });
    await eventually(() => watchers.every((watcher) => known(watcher).includes("r")));
    await watchers[0]?.hears("presence", '"w1"');
    const members = await crowd("few", NAMED - 3);
    const came = members.map((_, index) => `few-${index}`);
    for (const watcher of watchers) {
      const told = () => changes(watcher).flatMap(({ joined }) => joined.filter((user: string) => came.includes(user)));
      await eventually(() => told().length >= came.length);
      expect(told().sort()).toEqual(came);
    }
    const there = [...came, "r", "w0", "w1"];
    expect(await watchers[0]?.ask("presence", { room: "few" })).toEqual({ ok: true, online: there, members: NAMED });

    await members[0]?.ask("leave_room", { room: "few" });
    members[1]?.socket.io.engine.close();
    for (const watcher of watchers) await watcher.hears("presence", '"left":["few-1"]');
    expect(known(watchers[0] as SocketListener)).toEqual(there.filter((user) => user !== "few-0" && user !== "few-1"));
    expect(changes(watchers[1] as SocketListener).flatMap(({ left }) => left)).toEqual(["few-0", "few-1"]);
    expect(raw.heard.filter(({ name }) => name === "presence")).toEqual([]);
    for (const listener of [...watchers, ...members, raw]) listener.close();
  });

  it("hears numbers alone when it has too many members, and may ask again when it has few", async () => {
    const watcher = await listen(nodes.node(0), "/channels", "w2");
    await watcher.ask("join_room", { room: "many" });
    const members = await crowd("many", 2 * NAMED);
    await eventually(() => changes(watcher).at(-1)?.members === 2 * NAMED + 1);
    const crowded = changes(watcher).filter(({ members }) => members > NAMED);
    expect(crowded.flatMap(({ joined, left }) => [...joined, ...left])).toEqual([]);
    expect(await watcher.ask("presence", { room: "many" })).toEqual({ ok: true, online: [], members: 2 * NAMED + 1 });

    await Promise.all(members.slice(2).map((member) => member.ask("leave_room", { room: "many" })));
    await eventually(() => changes(watcher).at(-1)?.members === 3);
    const few = changes(watcher).slice(changes(watcher).findIndex(({ members }) => members > NAMED));
    expect(few.find(({ members }) => members <= NAMED)).toMatchObject({ joined: [], left: [] });
    const answer = { ok: true, online: ["many-0", "many-1", "w2"], members: 3 };
    expect(await watcher.ask("presence", { room: "many" })).toEqual(answer);
    await members[1]?.ask("leave_room", { room: "many" });
    expect((await watcher.hears("presence", '"members":2')).body).toMatchObject({ left: ["many-1"] });
    for (const listener of [watcher, ...members]) listener.close();
  });
});
