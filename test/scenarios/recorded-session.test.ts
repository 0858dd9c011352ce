// A whole session as its packets, byte for byte: what plain Socket.IO clients have on their wire must not change unnoticed.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { signToken } from "../support/tokens.ts";

/** `RECORD=1` writes the file anew; whoever does that has changed the wire, and says so in the changelog. */
const RECORDING = new URL("../vectors/socket-io-session.json", import.meta.url);

/** What differs from run to run, and the sentences of errors, which are for people. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/"sid":"[^"]+"/g, '"sid":"<sid>"'],
  [/"epoch":"[^"]+"/g, '"epoch":"<epoch>"'],
  [/"id":"[^"]{8,}"/g, '"id":"<id>"'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)/g, "<time>"],
  [/(?<=[:,[])1[78]\d{11}\b/g, "<ms>"],
  [/("code":"[A-Z_]+","message":)"[^"]*"/g, '$1"<sentence>"'],
  [/^(44[^{]*\{"message":)"[^"]*"/, '$1"<sentence>"'],
];

/** A WebSocket that speaks Engine.IO 4 and Socket.IO 5 by hand. */
class Wire {
  readonly packets: string[] = [];
  readonly #socket: WebSocket;
  #changed: () => void = () => undefined;

  constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.on("message", (data) => {
      this.packets.push(VARIABLE.reduce((text, [what, shown]) => text.replace(what, shown), String(data)));
      this.#changed();
    });
    this.#socket.on("close", () => {
      this.packets.push("(closed)");
      this.#changed();
    });
  }

  send(packet: string): void {
    this.#socket.send(packet);
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Resolves when so many packets have come in all. */
  async has(count: number): Promise<void> {
    while (this.packets.length < count)
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }
}

let server: TestServer;
const wires = new Map<string, Wire>();
beforeAll(async () => {
  server = await startClasswire();
});
afterAll(async () => {
  for (const wire of wires.values()) wire.close();
  await server.close();
});

/** A step: what one client sends, or what a backend calls; then how many more packets each client gets. */
type Step = readonly [
  what: readonly [client: string, packet: string] | readonly [method: "POST", path: string, body: unknown],
  gets: Readonly<Record<string, number>>,
];

const auth = (user: string, more: object = {}): string => JSON.stringify({ token: signToken(user), ...more });
const quiz = { user_id: 7, topic_id: "constants", chapter_id: "boolean-constants", score: 8, total_questions: 10 };
const progress = { user_id: 7, topic_id: "lexical-elements", chapter_id: "identifiers", completed: true };
const notification = { title: "Access", message: "A parent asks", action: "approve_request", requestId: "r-1" };
const result = { stdout: "Hello\n", stderr: "", exitCode: 0, duration: 41 };

const steps = (): readonly Step[] => [
  [["learner", `40/dashboard,${auth("7")}`], { learner: 2 }],
  [["learner", '42/dashboard,0["ping"]'], { learner: 1 }],
  [["POST", "/api/v1/progress", progress], { learner: 1 }],
  [["POST", "/api/v1/quizzes", quiz], { learner: 1 }],
  [["learner", '42/dashboard,1["snapshot"]'], { learner: 1 }],
  [["learner", '42/dashboard,2["ack",{"channel":"dashboard/7","offset":2}]'], { learner: 1 }],
  [["learner", '42/dashboard,3["ack",{"channel":"dashboard/8","offset":2}]'], { learner: 1 }],
  [["learner", '42/dashboard,4["nonsense"]'], { learner: 1 }],
  [["learner", '42/dashboard,["nonsense"]'], { learner: 1 }],
  [["again", `40/dashboard,${auth("7", { since: 1 })}`], { again: 3, learner: 2 }],
  [["again", "41/dashboard,"], {}],
  [["stranger", "40/dashboard,{}"], { stranger: 1 }],
  [["stranger", `40/dashboard,${JSON.stringify({ token: "no.token.atall" })}`], { stranger: 1 }],
  [["a", `40/channels,${auth("7")}`], { a: 2 }],
  [["b", `40/channels,${auth("8")}`], { b: 2 }],
  [["a", '42/channels,0["heartbeat"]'], { a: 1 }],
  [["a", '42/channels,1["subscribe",{"channel":"notifications/7"}]'], { a: 1 }],
  [["POST", "/api/v1/notifications", { userId: "7", ...notification }], { a: 1 }],
  [["POST", "/api/v1/notifications", { everyone: true, title: "All", message: "Everyone" }], { a: 1 }],
  [["a", '42/channels,2["ack",{"channel":"notifications/7","offset":1}]'], { a: 1 }],
  [["a", '42/channels,3["subscribe",{"channel":"notifications/7","since":0}]'], { a: 2 }],
  [["a", '42/channels,4["subscribe",{"channel":"notifications/8"}]'], { a: 1 }],
  [["a", '42/channels,5["subscribe",{"channel":"nowhere"}]'], { a: 1 }],
  [["POST", "/api/v1/run-sessions", { sessionId: "run-1", userId: "7" }], {}],
  [["a", '42/channels,6["subscribe",{"channel":"run-results/run-1"}]'], { a: 1 }],
  [["POST", "/api/v1/run-results/run-1", result], { a: 1 }],
  [["a", '42/channels,7["unsubscribe",{"channel":"run-results/run-1"}]'], { a: 1 }],
  [["a", '42/channels,8["room_message",{"room":"class-7","text":"too early"}]'], { a: 1 }],
  [["a", '42/channels,9["join_room",{"room":"class-7"}]'], { a: 2 }],
  [["b", '42/channels,0["join_room",{"room":"class-7"}]'], { b: 2, a: 1 }],
  [["a", '42/channels,10["subscribe",{"channel":"rooms/class-7","since":0}]'], { a: 1 }],
  [["a", '42/channels,11["room_message",{"room":"class-7","text":"hello"}]'], { a: 2, b: 1 }],
  [["b", '42/channels,1["room_message",{"room":"class-7","content":{"say":"hi"}}]'], { b: 2, a: 1 }],
  [["POST", "/api/v1/rooms/class-7/messages", { text: "from the backend" }], { a: 1, b: 1 }],
  [["b", '42/channels,2["typing",{"room":"class-7"}]'], { b: 1, a: 1 }],
  [["b", '42/channels,["typing",{"to":"7"}]'], { a: 1 }],
  [["a", '42/channels,12["presence",{"room":"class-7"}]'], { a: 1 }],
  [["a", '42/channels,13["presence",{"users":["7","9"]}]'], { a: 1 }],
  [["a", '42/channels,14["user_message",{"to":"8","text":"psst"}]'], { a: 1, b: 1 }],
  [["a", '42/channels,15["chat",{"content":"hello all"}]'], { a: 2, b: 1 }],
  [["POST", "/api/v1/system", { message: "Maintenance", level: "warning" }], { a: 1, b: 1 }],
  [["POST", "/api/v1/data-updates", { entity: "c", action: "update", id: 1, data: {}, to: { user: "7" } }], { a: 1 }],
  [["POST", "/api/ws/send", { type: "order_status", to: "7", content: { order_id: 9, status: "paid" } }], { a: 1 }],
  [["POST", "/api/ws/broadcast", { type: "exam", content: { room: "B12" } }], { a: 1, b: 1 }],
  [["a", '42/channels,16["leave_room",{"room":"class-7"}]'], { a: 1, b: 1 }],
  [["a", `42/channels,17["refresh_token",${auth("7")}]`], { a: 1 }],
  [["a", `42/channels,18["refresh_token",${auth("8")}]`], { a: 1 }],
  [["a", `40/study-time,${auth("7", { courseId: "go" })}`], { a: 2 }],
  [["a", '42/study-time,0["heartbeat",{"timestamp":"2025-12-26T06:05:30.000Z"}]'], { a: 1 }],
  [["a", '42/study-time,1["heartbeat","no heartbeat"]'], { a: 1 }],
  [["stranger", `40/study-time,${auth("7")}`], { stranger: 1 }],
  [["POST", "/api/v1/disconnect", { userId: "8" }], { b: 2 }],
];

it("is what it was", { timeout: 30_000 }, async () => {
  const expected = new Map<string, number>();
  for (const [what, gets] of steps()) {
    for (const client of Object.keys(gets)) await open(client, expected);
    if (what[0] === "POST" && what.length === 3) {
      expect((await server.call(what[0], what[1], what[2])).status, what[1]).toBeLessThan(300);
    } else wires.get(what[0])?.send(what[1]);
    for (const [client, more] of Object.entries(gets)) {
      expected.set(client, (expected.get(client) ?? 0) + more);
      await wires.get(client)?.has(expected.get(client) ?? 0);
    }
  }
  const recorded = Object.fromEntries([...wires].map(([client, { packets }]) => [client, packets]));
  if (process.env["RECORD"] === "1") writeFileSync(RECORDING, `${JSON.stringify(recorded, null, 2)}\n`);
  expect(recorded).toEqual(JSON.parse(readFileSync(RECORDING, "utf8")));
});

/** Opens a client's WebSocket at its first step. */
async function open(client: string, expected: Map<string, number>): Promise<void> {
  if (wires.has(client)) return;
  const wire = new Wire(server.url);
  wires.set(client, wire);
  expected.set(client, 1);
  await wire.has(1);
}
