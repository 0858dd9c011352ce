// Pending run sessions: told once, asked for in turn, forgotten when nobody waits.
import { afterEach, expect, it } from "vitest";
import { createPendingSessions, type PendingSessions } from "../../../src/namespaces/channels/pending.ts";
import { eventually } from "../../support/eventually.ts";

const open: PendingSessions[] = [];
afterEach(() => {
  for (const pending of open.splice(0)) pending.close();
});

function create(owners: Map<string, string> = new Map()) {
  const asked: string[] = [];
  const faults: unknown[] = [];
  const pending = createPendingSessions(
    async (session) => {
      asked.push(session);
      if (owners.get(session) === "down") throw new Error("the database is away");
      return owners.get(session);
    },
    10,
    (error) => faults.push(error),
  );
  open.push(pending);
  const told: string[] = [];
  return {
    pending,
    asked,
    told,
    faults,
    waiter: (session: string, owner: string) => void told.push(`${session} ${owner}`),
  };
}

it("tells everyone who waits, once", () => {
  const { pending, told, waiter } = create();
  const other = (session: string, owner: string): void => void told.push(`other ${session} ${owner}`);
  pending.wait("a", waiter);
  pending.wait("a", waiter);
  pending.wait("a", other);
  pending.wait("b", waiter);
  pending.registered("a", "lin");
  pending.registered("a", "lin");
  expect(told).toEqual(["a lin", "other a lin"]);
});

it("asks for all sessions in turn, a few at a time, and finds the owners", async () => {
  const owners = new Map<string, string>();
  const { pending, asked, told, waiter } = create(owners);
  for (let n = 0; n < 50; n++) pending.wait(`s${n}`, waiter);
  await eventually(() => new Set(asked).size === 50);
  expect(new Set(asked.slice(0, 50)).size).toBe(50);
  owners.set("s17", "lin");
  await eventually(() => told.length > 0);
  expect(told).toEqual(["s17 lin"]);
});

it("asks for nothing when nobody waits, and goes on after a fault", async () => {
  const owners = new Map([["a", "down"]]);
  const { pending, asked, told, faults, waiter } = create(owners);
  pending.wait("b", waiter);
  pending.remove("b", waiter);
  pending.remove("never", waiter);
  pending.wait("a", waiter);
  await eventually(() => faults.length > 0);
  owners.set("a", "lin");
  await eventually(() => told.length > 0);
  expect(asked).not.toContain("b");
  expect(told).toEqual(["a lin"]);
});
