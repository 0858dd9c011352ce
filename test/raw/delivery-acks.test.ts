// What a pong proves: durable events that have arrived, acks that the server asked for, and clients that live.
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Client, connect } from "../support/raw-client.ts";
import { type Rig, startRig } from "./support/rig.ts";

let rig: Rig;
let acks: unknown[];
afterEach(() => rig.close());

async function open(options: { autoPong?: boolean } = {}): Promise<Client> {
  acks = [];
  rig = await startRig({
    onSocket: (socket) =>
      socket.on("ack", (payload, answer) => {
        acks.push(payload);
        answer({ ok: false, error: { code: "FORBIDDEN", message: "not subscribed any more" } }); // the client never hears of it
      }),
  });
  const client = await connect(`${rig.url}/ws?token=1`, { ...options, perMessageDeflate: false });
  await eventually(() => rig.io.of("/channels").sockets.size === 1);
  return client;
}

function notify(channel: string, offset: number): void {
  rig.io.of("/channels").emit("notifications", { channel, data: { title: "t" } }, { channel, offset, id: "i" });
}

describe("durable events", () => {
  it("are acknowledged up to the highest offset of each channel, once", async () => {
    const client = await open();
    notify("notifications/1", 1);
    notify("notifications/1", 3);
    notify("notifications/:everyone", 9);
    await eventually(() => acks.length === 2);
    expect(client.frames).toHaveLength(3);
    expect(acks).toEqual([
      { channel: "notifications/1", offset: 3 },
      { channel: "notifications/:everyone", offset: 9 },
    ]);
    notify("notifications/1", 4);
    await eventually(() => acks.length === 3);
    expect(acks[2]).toEqual({ channel: "notifications/1", offset: 4 });
  });

  it("are not acknowledged before the pong to a ping that was sent after them", async () => {
    const client = await open({ autoPong: false });
    const pings: Buffer[] = [];
    client.ws.on("ping", (payload: Buffer) => pings.push(payload));
    notify("notifications/1", 1);
    await eventually(() => pings.length === 1);
    client.ws.pong("");
    client.ws.pong("7"); // a number that was never sent
    client.ws.pong("-1");
    client.ws.pong("NaN");
    notify("notifications/1", 2);
    await eventually(() => client.frames.length === 2);
    expect(acks).toEqual([]);
    client.ws.pong(pings[0]);
    await eventually(() => acks.length === 1);
    expect(acks).toEqual([{ channel: "notifications/1", offset: 1 }]);
    await eventually(() => pings.length === 2);
    client.ws.pong(pings[1]);
    await eventually(() => acks.length === 2);
    expect(acks[1]).toEqual({ channel: "notifications/1", offset: 2 });
  });

  it("of which the dialect says nothing are not acknowledged, and cause no ping", async () => {
    const client = await open();
    let pings = 0;
    client.ws.on("ping", () => pings++);
    rig.io.of("/channels").emit("run-results", { channel: "run-results/1" }, { channel: "run-results/1", offset: 1 });
    notify("notifications/1", 1);
    await eventually(() => acks.length === 1);
    expect(acks).toEqual([{ channel: "notifications/1", offset: 1 }]);
    expect(pings).toBe(1);
  });

  it("are not acknowledged by a client that does not read", async () => {
    const client = await open();
    client.ws.pause();
    while (rig.raw().bufferedBytes < 100_000) {
      rig.io.of("/channels").emit("system", { message: "x".repeat(50_000), level: "info" });
      await new Promise(setImmediate);
    }
    notify("notifications/1", 1);
    await new Promise((resolve) => setTimeout(resolve, 60)); // three times the pause before the ping
    expect(acks).toEqual([]);
    client.ws.resume();
    await eventually(() => acks.length === 1);
    expect(client.frames.at(-1)).toMatchObject({ type: "notification" });
  });
});

describe("acks that the server asks for", () => {
  it("are given by a pong", async () => {
    await open();
    await expect(rig.socket().timeout(2000).emitWithAck("undocumented", 1)).resolves.toBeUndefined();
    const answers = await rig.io.of("/channels").timeout(2000).emitWithAck("system", { message: "m" });
    expect(answers).toHaveLength(1);
  });
});

describe("a probe", () => {
  it("finds out who lives", async () => {
    const client = await open({ autoPong: false });
    expect(await rig.raw().probe(30)).toBe(false);
    client.ws.on("ping", (payload: Buffer) => client.ws.pong(payload));
    expect(await rig.raw().probe(2000)).toBe(true);
    const raw = rig.raw();
    const probe = raw.probe(20_000);
    client.ws.terminate();
    expect(await probe).toBe(false);
    expect(await raw.probe(20_000)).toBe(false);
  });
});
