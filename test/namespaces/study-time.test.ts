// Heartbeats whose timestamp is no time: they count, and the log is told once per connection.
import { pino } from "pino";
import { expect, it } from "vitest";
import { next, startClasswire } from "../support/classwire.ts";
import { connect } from "../support/raw-client.ts";
import { signToken } from "../support/tokens.ts";

const UNREADABLE = "the timestamp of a heartbeat cannot be read as a time";

it("is logged once for each connection, without what it was", async () => {
  const lines: string[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const server = await startClasswire({}, { logger });
  const told = (user: string) => lines.filter((line) => line.includes(UNREADABLE) && line.includes(`"${user}"`));

  const socket = server.connect("/study-time", "lin", { auth: { courseId: "go" } });
  await next(socket, "connected");
  for (const timestamp of ["2025-W52-5", undefined, "20251226T140530,5+0800", 5]) {
    expect(await socket.emitWithAck("heartbeat", { timestamp })).toMatchObject({ status: "success" });
  }
  expect(told("lin")).toEqual([]);
  for (const timestamp of ["half past", { at: "half past" }, "half past"]) {
    expect(await socket.emitWithAck("heartbeat", { timestamp })).toMatchObject({ status: "success" });
  }
  expect(told("lin")).toHaveLength(1);

  const raw = await connect(`${server.url.replace("http", "ws")}/api/study-time?courseId=go&token=${signToken("mei")}`);
  for (const timestamp of ["half past", {}, null, [], true, "20251226T140530Z"]) {
    raw.send({ type: "heartbeat", timestamp });
    expect(await raw.next()).toEqual({ type: "heartbeat_response", status: "success", studyTime: expect.any(Number) });
  }
  expect(told("mei")).toHaveLength(1);
  expect(lines.join("")).not.toContain("half past");
  raw.ws.close();
  await server.close();
});
