// Bits are flipped where they are meant to be: in messages that Redis carries, or in anything.
import { type AddressInfo, connect, createServer } from "node:net";
import { createClient } from "redis";
import { afterAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startRedis } from "../support/redis.ts";
import { openFlippingLine } from "./bit-flips.ts";

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

it("in messages: they come, one bit is another, and commands are as they were", async () => {
  const redis = await startRedis();
  closing.push(() => redis.stop());
  const line = await openFlippingLine(() => redis.port, "messages", 1);
  closing.push(() => line.close());
  const [direct, through] = await Promise.all([redis.url, line.url].map((url) => createClient({ url }).connect()));
  closing.push(() => [direct, through].map((client) => client?.destroy()));
  const heard: string[] = [];
  const listener = await createClient({ url: redis.url }).connect();
  closing.push(() => listener.destroy());
  await listener.subscribe("news", (message) => heard.push(message));
  line.flipOneIn(1);
  const long = "x".repeat(200_000); // in several pieces
  for (const text of ["hello", long]) await through?.publish("news", text);
  await through?.set("key", "as it was");
  expect(await direct?.get("key")).toBe("as it was");
  await eventually(() => heard.length === 2);
  expect(line.flipped).toBe(2);
  expect(heard[0]).not.toBe("hello");
  expect(Buffer.from(heard[1] ?? "", "latin1").filter((byte) => byte !== 0x78).length).toBeLessThanOrEqual(3);
  line.flipOneIn(0);
  await through?.publish("news", "whole again");
  await eventually(() => heard[2] === "whole again");
});

it("anywhere, both ways", async () => {
  const echo = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  await new Promise<void>((listening) => echo.listen(0, "127.0.0.1", listening));
  closing.push(() => echo.close());
  const line = await openFlippingLine(() => (echo.address() as AddressInfo).port, "anywhere", 2);
  closing.push(() => line.close());
  const socket = connect(line.port, "127.0.0.1");
  closing.push(() => socket.destroy());
  let heard = "";
  socket.setEncoding("latin1").on("data", (data) => {
    heard += data;
  });
  socket.write("hello");
  await eventually(() => heard === "hello");
  line.flipOneIn(1);
  socket.write("hello");
  await eventually(() => heard.length === 10);
  expect(heard.slice(5)).not.toBe("hello");
  expect(line.flipped).toBe(2);
});
