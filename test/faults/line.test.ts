// What each quality of a line does to those who talk over it.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Line, openLine } from "./line.ts";

/** Answers everything with itself. */
let echo: Server;
let line: Line;
const sockets: Socket[] = [];
beforeAll(async () => {
  echo = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  await new Promise<void>((listening) => echo.listen(0, "127.0.0.1", listening));
  line = await openLine({ port: () => (echo.address() as AddressInfo).port, jitterMs: 300, seed: 3 });
});
beforeEach(() => line.become("well"));
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await line.close();
  await new Promise((closed) => echo.close(closed));
});

interface Talker {
  readonly socket: Socket;
  heard(): string;
}

function talk(): Promise<Talker> {
  const socket = connect(line.port, "127.0.0.1");
  sockets.push(socket);
  let heard = "";
  socket.on("data", (data) => {
    heard += data;
  });
  socket.on("error", () => undefined);
  return new Promise((resolve) => {
    const talker = { socket, heard: () => heard };
    socket.once("connect", () => resolve(talker)); // a line that is cut may be quicker to close
    socket.once("close", () => resolve(talker));
  });
}

it("well: everything comes, and the end of one side is the end of the other", async () => {
  const { socket, heard } = await talk();
  socket.write("hello");
  await eventually(() => heard() === "hello");
  socket.end();
  await eventually(() => socket.closed);
});

it("half-open: nothing comes, nobody is told; afterwards the connection is reset, and a new one works", async () => {
  const before = await talk();
  before.socket.write("1");
  await eventually(() => before.heard() === "1");
  line.become("half-open");
  before.socket.write("2");
  await eventually(() => line.swallowed >= 1);
  const other = await talk();
  other.socket.write("3");
  await eventually(() => line.swallowed >= 2);
  expect([before.heard(), other.heard(), before.socket.closed]).toEqual(["1", "", false]);
  line.become("well");
  await eventually(() => before.socket.closed && other.socket.closed);
  const after = await talk();
  after.socket.write("4");
  await eventually(() => after.heard() === "4");
});

it("trickling: byte by byte, whole and in order", async () => {
  const { socket, heard } = await talk();
  line.become("trickling");
  const pieces: number[] = [];
  socket.on("data", (data) => pieces.push(data.length));
  socket.write("abcd");
  await eventually(() => heard() === "abcd");
  expect(pieces.length).toBeGreaterThan(1);
});

it("jittering: one connection keeps its order, and another may overtake it", async () => {
  line.become("jittering");
  const talkers = await Promise.all(Array.from({ length: 8 }, talk));
  const arrived: number[] = [];
  for (const [index, { socket }] of talkers.entries()) socket.once("data", () => arrived.push(index));
  for (const { socket } of talkers) {
    socket.write("a");
    socket.write("b");
  }
  await eventually(() => talkers.every(({ heard }) => heard() === "ab"));
  expect(arrived).not.toEqual([...arrived].sort());
});

it("cut: what is open is reset, and so is what is opened", async () => {
  const before = await talk();
  line.become("cut");
  await eventually(() => before.socket.closed);
  const after = await talk();
  await eventually(() => after.socket.closed);
});
