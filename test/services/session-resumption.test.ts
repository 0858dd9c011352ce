// Resuming raw connections: what a cut one had goes to the next one of its user, once, and from where it really ended.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createResumableSessions,
  type Kept,
  type ResumableSession,
  type ResumableSessions,
} from "../../src/services/session-resumption.ts";
import { describeDatabases } from "../support/databases.ts";

/** Those that live among the ones asked for. */
const only = (lives: (connection: string) => boolean) => async (asked: readonly Kept[]) =>
  new Set(asked.map(({ id }) => id).filter(lives));
const dead = only(() => false);
const alive = only(() => true);

const session = (id: string, more: Partial<ResumableSession> = {}): ResumableSession => ({
  id,
  user: `user of ${id}`,
  dialect: "gateway",
  node: "a",
  rooms: ["lab", 'with "quotes"'],
  cursors: { "rooms/lab": 3 },
  ...more,
});

describeDatabases("what raw connections leave", (database) => {
  let nodes: readonly [ResumableSessions, ResumableSessions];
  const faults: unknown[] = [];

  beforeAll(async () => {
    const [first, second] = database.stores;
    nodes = [
      createResumableSessions(first, "a", (fault) => faults.push(fault)),
      createResumableSessions(second, "b", (fault) => faults.push(fault)),
    ];
  });
  afterAll(async () => {
    expect(faults).toEqual([]);
    for (const node of nodes) await node.close();
  });

  test("goes to the next connection of the user and dialect, on another node, and to one alone", async () => {
    const left = session("cut", { user: "ann" });
    await nodes[0].save(left);
    await nodes[0].end({ ...left, cursors: { "rooms/lab": 4 } });
    expect(await nodes[1].claim("ann", "messenger", "next", dead)).toBeUndefined();
    expect(await nodes[1].claim("bob", "gateway", "next", dead)).toBeUndefined();
    const onlyRivals = only((connection) => connection.startsWith("next"));
    const claims = await Promise.all(nodes.map((node, n) => node.claim("ann", "gateway", `next ${n}`, onlyRivals)));
    expect(claims.filter((claim) => claim !== undefined)).toEqual([{ rooms: left.rooms, cursors: { "rooms/lab": 4 } }]);
  });

  test("stays for one more where the next connection is cut, too, before it has kept anything of its own", async () => {
    const left = session("cut once", { user: "ben" });
    await nodes[0].save(left);
    await nodes[0].end(left);
    const everything = { rooms: left.rooms, cursors: left.cursors };
    expect(await nodes[1].claim("ben", "gateway", "cut twice", dead)).toEqual(everything);
    expect(await nodes[0].claim("ben", "gateway", "cut thrice", alive)).toBeUndefined();
    await nodes[1].end(session("cut twice", { user: "ben", node: "b", rooms: [] }));
    expect(await nodes[0].claim("ben", "gateway", "cut thrice", alive)).toEqual(everything);
    expect(await nodes[1].claim("ben", "gateway", "the last", dead)).toEqual(everything); // its node was killed
  });

  test("goes on to one that lives when the one that was quicker to take it does not", async () => {
    const left = session("raced for", { user: "fay" });
    await nodes[0].save(left);
    await nodes[0].end(left);
    const quicker = nodes[0].claim(
      "fay",
      "gateway",
      "dead by now",
      only((connection) => connection === "alive"),
    );
    const claim = nodes[1].claim("fay", "gateway", "alive", dead);
    const [taken] = await Promise.all([claim, quicker]);
    expect(taken).toEqual({ rooms: left.rooms, cursors: left.cursors });
  });

  test("is nothing where the client said goodbye, or is still there", async () => {
    await nodes[0].save(session("goodbye", { user: "cem" }));
    await nodes[0].discard(session("goodbye", { user: "cem" }));
    await nodes[0].save(session("still there", { user: "cem" }));
    expect(await nodes[1].claim("cem", "gateway", "next of cem", alive)).toBeUndefined();
  });

  test("is that of one that has ended, before anybody is asked whether it lives", async () => {
    await nodes[0].save(session("asleep", { user: "gus", rooms: ["of a laptop"] }));
    await nodes[0].save(session("cut now", { user: "gus", rooms: ["of the phone"] }));
    await nodes[0].end(session("cut now", { user: "gus" }));
    const asked: Kept[] = [];
    const ask = async (these: readonly Kept[]) => {
      asked.push(...these);
      return new Set<string>();
    };
    expect((await nodes[1].claim("gus", "gateway", "next of gus", ask))?.rooms).toEqual(["of the phone"]);
    expect(asked).toEqual([]);
  });

  test("is not for one that is found dead itself: the next one has it at once", async () => {
    await nodes[0].save(session("dead first", { user: "hal" }));
    expect(await nodes[1].claim("hal", "gateway", "dead too", async () => undefined)).toBeUndefined();
    expect(await nodes[1].claim("hal", "gateway", "lives", dead)).toMatchObject({ rooms: session("").rooms });
  });

  test("is forgotten where a late write brought it back after it was claimed, and of open connections never", async () => {
    const rows = async (): Promise<string[]> => {
      const found = await database.stores[0].query<{ id: string }>(
        "SELECT id FROM resumable_sessions WHERE user_id = 'ivy' ORDER BY id",
        [],
      );
      return found.map(({ id }) => id);
    };
    for (const id of ["late", "open", "begun"]) await nodes[0].save(session(id, { user: "ivy" }));
    await nodes[1].save(session("elsewhere", { user: "ivy", node: "b" }));
    await database.stores[0].query(
      "UPDATE resumable_sessions SET updated_at = now() - interval '2 minutes' WHERE user_id = 'ivy' AND id <> 'begun'",
      [],
    );
    await nodes[0].sweep((id) => id === "open");
    expect(await rows()).toEqual(["begun", "elsewhere", "open"]);
  });

  test("is what a killed node saved last", async () => {
    await nodes[0].save(session("killed", { user: "dee" }));
    expect(await nodes[1].claim("dee", "gateway", "next of dee", dead)).toEqual({
      rooms: session("").rooms,
      cursors: { "rooms/lab": 3 },
    });
  });

  test("goes on where the connection ended, also if its node writes that down after the next one has come", async () => {
    const left = session("ending", { user: "eva" });
    await nodes[0].save(left);
    let ended: Promise<void> | undefined;
    const claim = nodes[1].claim("eva", "gateway", "next of eva", async () => {
      ended = nodes[0].end({ ...left, cursors: { "rooms/lab": 9 } });
      return new Set();
    });
    expect((await claim)?.cursors).toEqual({ "rooms/lab": 9 });
    await ended;
  });
});
