// Slices of what a socket reads: small pieces, each in a turn of its own, nothing lost, and a pause that is one.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { sliceReads } from "../../src/connection/sliced-reads.ts";
import { eventually } from "../support/eventually.ts";

const open: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** Both ends of a connection. */
async function pair(): Promise<{ reader: Socket; writer: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const writer = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [reader] = (await accepted) as [Socket];
  server.close();
  open.push(reader, writer);
  return { reader, writer };
}

it("hands on pieces of the size that is set, a turn apart, in order and to the end", async () => {
  const { reader, writer } = await pair();
  const slices = sliceReads(reader, 1_000, 4_000);
  const pieces: Buffer[] = [];
  let turn = 0;
  const count = () => {
    turn++;
    if (!reader.destroyed) setImmediate(count);
  };
  count();
  reader.on("data", (piece: Buffer) => {
    pieces.push(piece);
    if (pieces.length === 20) slices.most = 1_000;
  });
  const ended = once(reader, "end");
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  writer.end(sent);
  await ended;
  expect(turn).toBeGreaterThan(pieces.length / 2); // one when it is read, the next before the turn is over
  expect(Buffer.concat(pieces).equals(sent)).toBe(true);
  const lengths = pieces.map(({ length }) => length);
  expect(lengths.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 4_000]);
  expect(Math.max(...lengths.slice(20))).toBe(1_000);
});

it("holds no more than was read at once while it is paused: the sender has to wait", async () => {
  const { reader, writer } = await pair();
  sliceReads(reader, 1_000, 4_000);
  let heard = 0;
  reader.on("data", ({ length }: Buffer) => {
    heard += length;
    if (heard === length) reader.pause();
  });
  const block = Buffer.alloc(1_000_000);
  let writable = true;
  writer.on("drain", () => {
    writable = true;
  });
  // Until the kernel takes no more, which it says by no drain coming.
  await eventually(() => {
    const waits = !writable;
    if (writable) writable = writer.write(block);
    return waits && writer.writableLength > 0 && reader.isPaused();
  });
  expect(heard).toBe(1_000);
  expect(reader.bytesRead).toBeLessThan(300_000);
  reader.resume();
  const { bytesWritten } = writer;
  await eventually(() => heard === bytesWritten);
});

it("forgets what waits when the socket is destroyed", async () => {
  const { reader, writer } = await pair();
  sliceReads(reader, 10, 10);
  reader.once("data", () => reader.destroy());
  writer.write(Buffer.alloc(10_000));
  writer.on("error", () => undefined);
  await once(reader, "close");
  expect(reader.destroyed).toBe(true);
});
