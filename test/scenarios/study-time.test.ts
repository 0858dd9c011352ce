// /study-time with a plain client: what counts, what does not, and what every kind of end leaves.
import { setTimeout as sleep } from "node:timers/promises";
import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { collect, type Json, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf } from "../support/inbox.ts";
import { signToken } from "../support/tokens.ts";
import { openWire } from "../support/wire.ts";

let server: TestServer;
let learners = 0;
beforeAll(async () => {
  server = await startClasswire({ STUDY_TIMEOUT_SECONDS: "4" });
});
afterAll(() => server.close());

const learner = (): string => `learner-${++learners}`;

function study(
  who: string | undefined,
  courseId: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Socket {
  return server.connect("/study-time", who, { ...options, auth: { courseId, ...(options.auth as object) } });
}

async function total(who: string, course: string): Promise<number> {
  const { status, body } = await server.call("GET", `/api/v1/study-time/${who}/${course}`);
  expect([status, body.userId, body.courseId]).toEqual([200, who, course]);
  return body.studyTime;
}

const now = () => ({ timestamp: new Date().toISOString() });
const beat = (socket: Socket, payload: unknown = now()): Promise<Json> => socket.emitWithAck("heartbeat", payload);

/** The clock of the connections that are opened meanwhile is so many seconds ahead: as if they had begun so long ago. */
async function begunAgo<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  const { studyTime } = server.classwire.services;
  const { open } = studyTime;
  studyTime.open = async (user, course) => {
    const { connectedAt, studyTime } = await open(user, course);
    return { connectedAt: connectedAt - seconds * 1000, studyTime };
  };
  try {
    return await work();
  } finally {
    studyTime.open = open;
  }
}

/** Connects as if it had been `seconds` ago. */
function connectedAgo(seconds: number, who: string, course: string, options = {}): Promise<Socket> {
  return begunAgo(seconds, async () => {
    const socket = study(who, course, options);
    await next(socket, "connected");
    return socket;
  });
}

describe.each(["websocket", "polling"])("over %s", (transport) => {
  const over = { transports: [transport] };

  it("counts the seconds between heartbeats, and answers with the documented fields", async () => {
    const me = learner();
    const socket = study(me, "go", over);
    const [connected] = await next(socket, "connected");
    expect(connected).toEqual({ userId: me, courseId: "go", studyTime: 0, epoch: expect.any(String) });
    const first = await beat(socket);
    expect(first).toEqual({ ok: true, type: "heartbeat_response", status: "success", studyTime: 0 });
    const began = performance.now();
    await sleep(3000);
    const { studyTime } = await beat(socket);
    expect(studyTime).toBeGreaterThanOrEqual(3);
    expect(studyTime).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 1000) + 1);
    expect(await total(me, "go")).toBe(studyTime);
    expect(await total(me, "rust")).toBe(0);
  });

  it("takes any time, what is none as well, or nothing, and counts by none of them", async () => {
    const me = learner();
    const socket = await connectedAgo(50, me, "go", over);
    const times = ["2001-01-01T00:00:00Z", "2999-12-31T23:59:59.999+08:00", "2025-12-26T14:05:30", "2025-12-26", 5];
    const others = [
      "20251226t140530,5+0800",
      "2025-W52-5",
      "yesterday",
      "",
      null,
      -1,
      {},
      [],
      true,
      Buffer.from("now"),
    ];
    for (const timestamp of [...times, ...others, "x".repeat(100_000)]) {
      const answer = await beat(socket, { timestamp });
      expect(answer).toMatchObject({ ok: true, status: "success" });
      expect([50, 51, 52, 53]).toContain(answer.studyTime); // it takes its time on a busy machine
    }
    expect(await beat(socket, {})).toMatchObject({ status: "success" });
    expect(await socket.emitWithAck("heartbeat")).toMatchObject({ status: "success" });
  });

  it("answers a bad payload with an error and the time as it was", async () => {
    const socket = await connectedAgo(20, learner(), "go", over);
    const { studyTime } = await beat(socket);
    for (const bad of [null, 7, "now", []]) {
      expect(await beat(socket, bad)).toEqual({
        ok: false,
        type: "heartbeat_response",
        status: "error",
        studyTime,
        error: { code: "INVALID_MESSAGE", message: expect.stringMatching(/^payload must be /) },
      });
    }
    expect(socket.connected).toBe(true);
  });
});

it("goes on counting from what there is, and never counts a second twice", async () => {
  const me = learner();
  const first = await connectedAgo(100, me, "go");
  expect((await beat(first)).studyTime).toBe(100);
  // The next one overlaps all of it.
  const second = await connectedAgo(100, me, "go");
  expect((await beat(second)).studyTime).toBeLessThanOrEqual(102);
  const other = await connectedAgo(30, me, "rust");
  expect((await beat(other)).studyTime).toBe(30);
  const { body } = await server.call("GET", `/api/v1/study-time/${me}`);
  expect(body.map(({ courseId }: Json) => courseId)).toEqual(["go", "rust"]);
});

it("counts many heartbeats at once like one", async () => {
  const socket = await connectedAgo(40, learner(), "go");
  const answers = await Promise.all(Array.from({ length: 40 }, () => beat(socket)));
  expect(new Set(answers.map(({ studyTime }) => studyTime)).size).toBeLessThanOrEqual(2);
  expect(answers.at(-1).studyTime).toBeLessThanOrEqual(41);
});

describe("an end", () => {
  it("by the client counts up to that moment", async () => {
    const me = learner();
    const socket = await connectedAgo(70, me, "go");
    socket.disconnect();
    await eventually(async () => (await total(me, "go")) >= 70);
  });

  it.each([
    ["a closed tab, 1001", 1001],
    ["a normal end, 1000", 1000],
    ["no code, 1005", undefined],
  ])(
    "by a WebSocket's close frame (%s) without a packet of Socket.IO counts up to that moment",
    async (_what, code) => {
      const me = learner();
      const wire = await begunAgo(70, async () => {
        const opened = await openWire(server.url);
        await opened.join("/study-time", { token: signToken(me), courseId: "go" });
        await opened.packet(/^42\/study-time,\["connected"/);
        return opened;
      });
      wire.ws.close(code);
      await eventually(async () => (await total(me, "go")) >= 70);
    },
  );

  it("by a close frame that tells of an error counts up to the last heartbeat", async () => {
    const me = learner();
    const socket = await connectedAgo(70, me, "go");
    webSocketOf(socket).close(1002);
    await eventually(() => socketsOf(me) === 0);
    expect(await total(me, "go")).toBe(0);
  });

  it.each(["websocket", "polling"])("by a cut %s counts up to the last heartbeat", async (transport) => {
    const me = learner();
    const socket = await connectedAgo(70, me, "go", { transports: [transport] });
    if (transport === "websocket") webSocketOf(socket).terminate();
    else socket.io.engine.close();
    await eventually(() => socketsOf(me) === 0);
    expect(await total(me, "go")).toBe(0);
  });

  it("by silence counts up to the last heartbeat, and bad heartbeats are silence", async () => {
    const [me, talker] = [learner(), learner()];
    const [silent, talking] = [await connectedAgo(70, me, "go"), await connectedAgo(70, talker, "go")];
    const closed = [collect(silent, "close"), collect(talking, "close")];
    const gone = [next(silent, "disconnect"), next(talking, "disconnect")];
    const chatter = setInterval(() => talking.emit("heartbeat", "no heartbeat"), 200);
    await Promise.all(gone);
    clearInterval(chatter);
    for (const notices of closed)
      expect(notices[0]?.[0]).toEqual({ reason: "no heartbeat", timestamp: expect.any(String) });
    expect([await total(me, "go"), await total(talker, "go")]).toEqual([0, 0]);
  });

  it("by a newer connection counts up to the last heartbeat, and says why", async () => {
    const me = learner();
    const old = await connectedAgo(70, me, "go");
    const inbox = inboxOf(old);
    const gone = next(old, "disconnect");
    const other = await connectedAgo(0, me, "rust"); // another course is another connection
    const newest = await connectedAgo(0, me, "go");
    await gone;
    expect(inbox.payloads("close")).toEqual([{ reason: "replaced", timestamp: expect.any(String) }]);
    expect(await total(me, "go")).toBe(0);
    expect((await beat(newest)).studyTime).toBeLessThanOrEqual(1);
    expect(other.connected).toBe(true);
  });

  it("exactly one of many that come at once is left", async () => {
    const me = learner();
    const crowd = Array.from({ length: 8 }, () => study(me, "go"));
    await Promise.all(crowd.map((socket) => next(socket, "connect"))); // the first to be displaced may hear no more than that
    await eventually(() => crowd.filter(({ connected }) => connected).length === 1);
    const left = crowd.find(({ connected }) => connected);
    expect(left && (await beat(left))).toMatchObject({ status: "success" });
    expect(socketsOf(me)).toBe(1);
  });
});

/** The WebSocket below a client. */
function webSocketOf(socket: Socket): WebSocket {
  return (socket.io.engine.transport as unknown as { ws: WebSocket }).ws;
}

function socketsOf(user: string): number {
  return server.classwire.io.of("/study-time").adapter.rooms.get(`user:${user}`)?.size ?? 0;
}

describe("who may study", () => {
  it("a user whom the query names, where the operator trusts it, without a token", async () => {
    const me = learner();
    const socket = study(undefined, "go", { query: { userId: me } });
    const [connected] = await next(socket, "connected");
    expect(connected.userId).toBe(me);
    expect(await beat(socket)).toMatchObject({ status: "success" });
    const [agreed] = await next(study(me, "rust", { query: { userId: me } }), "connected");
    expect(agreed.courseId).toBe("rust");
  });

  it.each([
    [undefined, "courseId is required"],
    ["", "courseId is required"],
    [null, "courseId is required"],
    ["c".repeat(129), "courseId must have at most 128 characters"],
    [12345678901234567000, "courseId must be a string"],
    [{}, "courseId must be a string"],
  ])("not somebody whose course is %j, and it says why", async (courseId, message) => {
    const [error] = await next(study("x", "go", { auth: { courseId } }), "connect_error");
    expect(error.data).toEqual({ code: "INVALID_MESSAGE", message });
  });

  it.each([
    ["nobody", "AUTH_FAILED", undefined, {}],
    ["somebody without a course", "INVALID_MESSAGE", "x", { auth: { courseId: "" } }],
    ["somebody whose course is too long", "INVALID_MESSAGE", "x", { auth: { courseId: "c".repeat(129) } }],
    ["a token that is not the user of the query", "AUTH_FAILED", "x", { query: { userId: "y" } }],
    ["a bad token, whoever the query names", "INVALID_TOKEN", "a.b.c", { query: { userId: "x" } }],
  ])("not %s", async (_who, code, who, options) => {
    const [error] = await next(study(who, "go", options), "connect_error");
    expect(error.data).toEqual({ code, message: expect.any(String) });
  });
});
