// Writing past Node's streams: everything arrives in order, beside what streams write, whether the kernel takes it at once or not.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import { createDirectWriter, type DirectWriter } from "../../src/web-socket/direct-write.ts";
import { eventually } from "../support/eventually.ts";

async function pair(): Promise<[server: Socket, client: Socket]> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listener, "connection")) as [Socket];
  server.on("error", () => undefined);
  onTestFinished(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return [server, client];
}

function writerHere(): DirectWriter {
  const writer = createDirectWriter();
  if (writer === undefined) throw new Error("this Node has no handle that can be written to");
  return writer;
}

const NOBODY = { written: () => undefined };

it("serves TCP sockets, and nothing else", async () => {
  const writer = writerHere();
  const [server] = await pair();
  expect(writer.serves(server)).toBe(true);
  expect(writer.serves(new PassThrough())).toBe(false);
  expect(writer.serves(Object.assign(Object.create(server), { encrypted: true }))).toBe(false);
});

it("says when the kernel has taken what it could not take at once, and keeps the order with what streams write", async () => {
  const writer = writerHere();
  const [server, client] = await pair();
  let told = 0;
  const written = { written: () => void told++ };
  const sent: Buffer[] = [];
  for (let outcome = writer.write(server, piece(sent), written); outcome !== "waiting"; ) {
    expect(outcome).toBe("taken");
    outcome = writer.write(server, piece(sent), written);
  }
  server.write(piece(sent)); // behind it, in the stream
  expect(writer.write(server, Buffer.from("too early"), written)).toBeUndefined();
  expect(told).toBe(0);
  const received: Buffer[] = [];
  client.on("data", (chunk: Buffer) => received.push(chunk));
  const all = Buffer.concat(sent);
  await eventually(() => Buffer.concat(received).length === all.length);
  expect(Buffer.concat(received).equals(all)).toBe(true);
  expect(told).toBe(1);
  expect(writer.write(server, Buffer.from("again"), written)).toBe("taken");
});

it("tells of a write that never ends, too, when the socket is destroyed", async () => {
  const writer = writerHere();
  const [server] = await pair();
  let told = 0;
  while (writer.write(server, piece([]), { written: () => void told++ }) !== "waiting");
  server.destroy();
  await eventually(() => told === 1);
  expect(writer.write(server, Buffer.from("x"), NOBODY)).toBeUndefined();
});

it("says that a socket is broken whose other side is gone", async () => {
  const writer = writerHere();
  const [server, client] = await pair();
  client.resetAndDestroy();
  server.pause();
  await eventually(() => ["broken", undefined].includes(writer.write(server, Buffer.from("x"), NOBODY)));
});

/** Some bytes that are like no others. */
function piece(sent: Buffer[]): Buffer {
  const bytes = Buffer.alloc(100_000, `${sent.length} `);
  sent.push(bytes);
  return bytes;
}
