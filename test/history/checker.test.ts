// The checker finds each kind of bug, by its name: planted in recorded lines, and planted in clients of a real server.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { audit } from "./audit.ts";
import { check } from "./checker.ts";
import { connectRaw, connectSocket, hashOfNotification, type Tap } from "./clients.ts";
import { createRecorder, type Recorder, type Untimed } from "./files.ts";
import { startPublisher } from "./publisher.ts";
import type { Delivered, HistoryRecord } from "./records.ts";
import { RULES, type Rule } from "./violations.ts";

const directory = mkdtempSync(join(tmpdir(), "classwire-history-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let histories = 0;
const recorder = (): Recorder => createRecorder(join(directory, `${++histories}.jsonl`));

/** The rules that a history breaks. */
function broken(records: readonly Untimed[]): string[] {
  const file = recorder();
  for (const record of records) file.note(record);
  file.close();
  return Object.keys(check([file.path]).violations);
}

const CHANNEL = "notifications/1";
const EPOCH = "first";
/** Five messages, published and acknowledged as 1 to 5. */
const published: Untimed[] = [
  { kind: "limits", connections: { "/channels": 2 }, messagesPerSecond: 10, graceMs: -1 },
  { kind: "published", events: [0, 1, 2, 3, 4].map((number) => [number, CHANNEL, 100 + number] as const) },
  { kind: "acknowledged", events: [0, 1, 2, 3, 4].map((number) => [number, number + 1, `id-${number}`] as const) },
];
const opened = (client: string, connection = 1): Untimed<HistoryRecord & { kind: "opened" }> => ({
  kind: "opened",
  client,
  connection,
  user: "1",
  namespace: "/channels",
  promised: client.startsWith("raw") ? "at-least-once" : "once",
});
const subscribed = (more: object = {}): Untimed => ({
  kind: "subscribed",
  client: "a",
  channel: CHANNEL,
  epoch: EPOCH,
  offset: 0,
  replayed: 0,
  recovered: true,
  ...more,
});
const got = (offset: number, more: Partial<Untimed<Delivered>> = {}): Untimed<Delivered> => ({
  kind: "delivered",
  client: "a",
  connection: 1,
  channel: CHANNEL,
  number: offset - 1,
  hash: 99 + offset,
  offset,
  id: `id-${offset - 1}`,
  epoch: EPOCH,
  ...more,
});
const settled: Untimed = { kind: "settled", client: "a", channel: CHANNEL };
const begin = [...published, opened("a"), subscribed()];
const acked: Untimed = { kind: "acked", client: "a", channel: CHANNEL, offset: 4 };
const handled = (count: number): Untimed[] =>
  Array.from({ length: count }, () => ({ kind: "handled", client: "a", connection: 1, sent: Date.now() }) as const);
const kept = (events: readonly (readonly [number, number, string, number])[], epoch = EPOCH): Untimed => ({
  kind: "kept",
  channel: CHANNEL,
  epoch,
  events,
});

describe("a recorded history", () => {
  const healthy = [...begin, got(1), got(2), got(3), got(4), got(5), settled];

  it("without a bug is clean", () => {
    expect(broken(healthy)).toEqual([]);
  });

  const bugs: [Rule, Untimed[]][] = [
    ["lost", [...begin, got(1), got(2), got(4), got(5), settled]],
    ["lost", [...begin, got(1), got(2), settled]],
    ["duplicate", [...begin, got(1), got(2), got(2), got(3)]],
    ["disordered", [...begin, got(1), got(3), got(2)]],
    ["hole", [...begin, { kind: "published", events: [[7, CHANNEL, 7]] }, got(7, { number: 7, hash: 7, id: "7" })]],
    ["two events, one offset", [...begin, got(1), got(2), got(2, { number: 2, hash: 102 })]],
    ["one event, two offsets", [...begin, { kind: "acknowledged", events: [[4, 6, "id-4"]] }]],
    ["one event, two offsets", [...begin, got(1, { id: "another" })]],
    ["phantom", [...begin, got(1, { hash: 7 })]],
    ["phantom", [...begin, kept([[9, 6, "id-9", 109]])]],
    ["after revocation", [...begin, got(1), { kind: "revoked", user: "1", graceMs: -1 }, got(2)]],
    ["too many connections", [...begin, opened("b"), opened("c"), { kind: "closed", client: "c", connection: 1 }]],
    ["too many messages", [...begin, ...handled(5000)]],
    ["false recovery", [...begin, got(1), subscribed({ since: 1, offset: 5, replayed: 4 }), got(4), got(5), settled]],
    ["acked again", [...healthy, acked, opened("a", 2), subscribed({ offset: 5, replayed: 5 })]],
  ];
  it.each(bugs)("with: %s", (rule, records) => {
    expect(broken(records)).toContain(rule);
  });

  it("every rule has a bug here", () => {
    expect(new Set(bugs.map(([rule]) => rule))).toEqual(new Set(Object.keys(RULES)));
  });

  it("`recovered: false` allows the gap before its replay, and no other", () => {
    const told = subscribed({ since: 1, offset: 5, replayed: 2, recovered: false });
    expect(broken([...begin, got(1), told, got(4), got(5), settled])).toEqual([]);
    expect(broken([...begin, got(1), told, got(5), settled])).toEqual(["lost"]);
    expect(broken([...begin, got(2), told, got(4), got(5), settled])).toEqual(["lost"]);
  });

  it("a raw client may get again what it had, on another connection and in order", () => {
    const raw = (offset: number, connection: number): Untimed => {
      const { number, hash } = got(offset);
      return { kind: "delivered", client: "raw", connection, channel: CHANNEL, number, hash };
    };
    const start = [...published, opened("raw"), subscribed({ client: "raw" }), raw(1, 1), raw(2, 1), raw(3, 1)];
    const end: Untimed = { kind: "settled", client: "raw", channel: CHANNEL };
    expect(broken([...start, raw(2, 2), raw(3, 2), raw(4, 2), raw(5, 2), end])).toEqual([]);
    expect(broken([...start, raw(4, 2), end])).toEqual(["lost"]);
    expect(broken([...start, raw(3, 2), raw(2, 2)])).toEqual(["disordered"]);
  });

  it("what a database has lost must be told to every client that was there", () => {
    const rows = [0, 1].map((number) => [number, number + 1, `id-${number}`, 100 + number] as const);
    const all = [1, 2, 3, 4, 5].map((offset) => got(offset));
    expect(broken([...begin, ...all, kept(rows), settled])).toContain("lost");
    const told = subscribed({ since: 5, offset: 2, replayed: 2, recovered: false, epoch: "second" });
    const again = [1, 2].map((offset) => got(offset, { epoch: "second" }));
    expect(broken([...begin, ...all, told, ...again, kept(rows, "second"), settled])).toEqual([]);
  });
});

describe("clients of a real server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startClasswire();
  });
  afterAll(() => server?.close());

  let users = 0;
  /** Publishes some notifications to two clients whose recording has a bug, and judges the history. */
  async function run(tap?: Tap): Promise<string[]> {
    const [user, file] = [`checked-${++users}`, recorder()];
    const shared = { url: server.url, user, recorder: file };
    const socket = connectSocket({ ...shared, name: "socket", ...(tap === undefined ? {} : { tap }) });
    const raw = connectRaw({ ...shared, name: "raw", dialect: users });
    await eventually(() => socket.isConnected() && raw.isConnected());
    const options = { urls: [server.url], users: [user], recorder: file, batch: 5, parallel: 1, run: user };
    const publisher = startPublisher(options);
    await eventually(() => publisher.acknowledged >= 20, { everyMs: 1 });
    await publisher.finish();
    await eventually(() => socket.position === raw.position && raw.position === publisher.acknowledged);
    for (const { name, channel } of [socket, raw]) file.note({ kind: "settled", client: name, channel });
    await audit(server.url, [socket.channel], file);
    socket.close();
    raw.close();
    file.close();
    const { violations, figures } = check([file.path]);
    expect(figures).toMatchObject({ acknowledged: publisher.acknowledged, kept: publisher.acknowledged, gone: 0 });
    return Object.keys(violations);
  }
  /** A bug that befalls the tenth event. */
  const atTenth = (bug: Tap): Tap => {
    let count = 0;
    return (delivered) => (++count === 10 ? bug(delivered) : [delivered]);
  };

  it("that record what they get are clean", async () => {
    expect(await run()).toEqual([]);
  });

  it.each<[string, Rule, Tap]>([
    ["drops", "lost", atTenth(() => [])],
    ["doubles", "duplicate", atTenth((one) => [one, one])],
    ["changes", "phantom", atTenth((one) => [{ ...one, hash: hashOfNotification({ title: "t", message: "m" }) }])],
    ["misnumbers", "one event, two offsets", atTenth((one) => [{ ...one, offset: 9 }])],
    ["renames", "one event, two offsets", atTenth((one) => [{ ...one, id: "another" }])],
  ])("one that %s an event is found: %s", async (_bug, rule, tap) => {
    expect(await run(tap)).toContain(rule);
  });

  it("one that swaps two events is found", async () => {
    let held: Untimed<Delivered> | undefined;
    const swap: Tap = (one) => {
      if (one.offset === 10) {
        held = one;
        return [];
      }
      return one.offset === 11 && held !== undefined ? [one, held] : [one];
    };
    expect(await run(swap)).toEqual(["disordered"]);
  });
});
