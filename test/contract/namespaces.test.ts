// The rows of events: their examples are what their schemas say, and what follows from the rows is right.
import { describe, expect, it } from "vitest";
import { CHANNEL_KINDS } from "../../src/contract/channel-names.ts";
import { NAMESPACES, serverEvent, wireArguments } from "../../src/contract/namespaces.ts";
import type { NamespaceRows } from "../../src/contract/rows.ts";

const namespaces: readonly NamespaceRows[] = NAMESPACES;
const server = namespaces.flatMap((rows) => Object.entries(rows.server).map(([name, row]) => ({ name, row, rows })));
const client = namespaces.flatMap((rows) => Object.entries(rows.client).map(([name, row]) => ({ name, row, rows })));

describe("every row", () => {
  it.each(server)("of the server event $name has an example that its schema takes as it is", ({ row }) => {
    expect(row.payload.parse(row.example)).toEqual(row.example);
    expect(row.sentence).toMatch(/^[A-Z].{5,}$/);
  });

  it.each(client)("of the client event $name has examples that its schemas take", ({ row }) => {
    if (row.payload === undefined) expect(row.example).toBeUndefined();
    else expect(row.payload.safeParse(row.example).success).toBe(true);
    expect(row.answer.parse(row.answerExample)).toEqual(row.answerExample);
    expect(row.sentence).toMatch(/^[A-Z].{5,}$/);
  });

  it("of a durable event names a kind of channel", () => {
    const durable = server.filter(({ row }) => row.durable !== undefined);
    expect(durable.length).toBeGreaterThan(4);
    for (const { row } of durable) expect(CHANNEL_KINDS).toContain(row.durable);
  });
});

it("finds the row of an event, and none of another namespace's", () => {
  expect(serverEvent("/dashboard", "quiz_completed")?.durable).toBe("dashboard");
  expect(serverEvent("/channels", "quiz_completed")).toBeUndefined();
  expect(serverEvent("/channels", "constructor")).toBeUndefined();
  expect(serverEvent("/nowhere", "close")).toBeUndefined();
});

it("puts data in an envelope where the row says so", () => {
  const logged = { offset: 3, id: "a", data: { title: "t", message: "m" }, timestamp: 5 };
  const meta = { channel: "notifications/1", offset: 3, id: "a" };
  expect(wireArguments({ ...logged, channel: "notifications/1", event: "notifications" })).toEqual([
    { channel: "notifications/1", data: logged.data, timestamp: 5 },
    meta,
  ]);
  expect(wireArguments({ ...logged, channel: "rooms/a", event: "room_message" })).toEqual([
    logged.data,
    { ...meta, channel: "rooms/a" },
  ]);
});
