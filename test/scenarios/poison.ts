// Messages that no node ever sends, for every channel of Redis that nodes listen on.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type RedisClientType } from "redis";

const SOCKET_IO = ["/channels", "/dashboard", "/study-time"].flatMap((namespace) => [
  `socket.io#${namespace}#`,
  `socket.io#${namespace}#user:1#`,
  `socket.io-request#${namespace}#`,
  `socket.io-response#${namespace}#`,
]);

/** Garbage for the Socket.IO adapter: not decodable, of the wrong shape, almost right. */
const FOR_ADAPTER: readonly (string | Buffer)[] = [
  "",
  "{",
  "null",
  '{"type":4,"opts":{}}',
  '{"type":2,"opts":{"rooms":[{}]},"rooms":[{}]}',
  '{"type":6,"data":"event"}',
  '{"requestId":{},"sockets":5}',
  `{"type":6,"data":${"[".repeat(20_000)}`,
  Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0x93, 0xa1, 0x78, 0xc0, 0xc0]), // ["x", nil, nil]
  Buffer.concat([Buffer.from([0x93, 0xa1, 0x78]), Buffer.alloc(100_000, 0x91), Buffer.from([0xc0, 0x80])]),
];

/** Garbage for the bus of the nodes: as text, as a batch, as messages of every topic. */
const FOR_BUS: readonly string[] = [
  "",
  "[",
  "null",
  '["x",{}]',
  '["x",[["events"]]]',
  ...["events", "control", "connection-question", "connection-answer", "revocations", "nowhere"].flatMap((topic) =>
    [null, 7, "text", [], {}, [{}], [{ channel: 1 }], { order: "disconnect" }, { ask: "probe", holders: [1] }].map(
      (message) => JSON.stringify(["x", [[topic, message]]]),
    ),
  ),
];

/** So many are on their way at a time. */
const BATCH = 20;

/** Publishes `count` of them, each on a channel of its kind, so many a second; resolves when Redis has taken all. */
export function poison(url: string, count: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
  return asAdmin(url, async (client) => {
    const began = performance.now();
    for (let sent = 0; sent < count; ) {
      const ahead = began + (sent / perSecond) * 1000 - performance.now();
      if (ahead > 0) await sleep(ahead);
      const batch: Promise<unknown>[] = [];
      for (let size = 0; size < BATCH && sent < count; size++, sent++) {
        const random = randomBytes(1 + (sent % 64));
        if (sent % 4 === 0) batch.push(client.publish("classwire:bus", FOR_BUS[(sent / 4) % FOR_BUS.length] ?? ""));
        else batch.push(client.publish(SOCKET_IO[sent % SOCKET_IO.length] ?? "", FOR_ADAPTER[sent % 23] ?? random));
      }
      await Promise.all(batch);
    }
  });
}

/** Has Redis close every connection of the nodes, `times` over, with a pause in which some come back. */
export function cutConnections(url: string, times: number, pauseMs: number): Promise<void> {
  return asAdmin(url, async (client) => {
    for (let time = 0; time < times; time++) {
      for (const type of ["normal", "pubsub"]) {
        await client.sendCommand(["CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"]);
      }
      await sleep(pauseMs);
    }
  });
}

/** A connection for as long as `use` takes; one that waits as long as a loaded machine makes it. */
async function asAdmin(url: string, use: (client: RedisClientType) => Promise<void>): Promise<void> {
  const client: RedisClientType = createClient({ url, commandOptions: { timeout: 0 } });
  client.on("error", () => undefined); // what fails is told by the command that fails
  await client.connect();
  try {
    await use(client);
  } finally {
    client.destroy();
  }
}
