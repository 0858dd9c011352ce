// Many slow readers together, raw ones and Socket.IO's own: the node holds no more for all of them than it should for its connections.
import type { Socket as NetSocket } from "node:net";
import { io as connectSocketIo } from "socket.io-client";
import { expect, it } from "vitest";
import { createUnsentBudget } from "../../src/connection/unsent-budget.ts";
import { guardBackPressure } from "../../src/realtime/back-pressure.ts";
import { connectionOf } from "../../src/realtime/engine-connection.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/raw-client.ts";
import { startRig } from "./support/rig.ts";

const MEGABYTE = 1_048_576;
const SLOW = 30;
const BUDGET = 6 * MEGABYTE;

it("sixty readers that stopped hold what the node allows, are cut off in the end, and others miss nothing", async () => {
  const budget = createUnsentBudget(BUDGET);
  const unsent = { maxBufferedBytes: MEGABYTE, budget };
  const rig = await startRig({ engine: { unsent } });
  rig.io.engine.on("connection", (connection) => guardBackPressure(connection, unsent));
  const reader = await connect(`${rig.url}/ws?token=reader`, { perMessageDeflate: false });
  const wires: NetSocket[] = [];
  for (let i = 0; i < SLOW; i++) {
    const raw = await connect(`${rig.url}/ws?token=${i}`, { perMessageDeflate: false });
    wires.push((Reflect.get(raw.ws, "_socket") as NetSocket).pause());
    const client = connectSocketIo(`${rig.url}/channels`, {
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    await eventually(() => client.connected);
    const { transport } = client.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
    wires.push(transport.ws._socket.pause());
  }
  const { sockets } = rig.io.of("/channels");
  await eventually(() => sockets.size === 2 * SLOW + 1);
  let sent = 0;
  let highest = 0;
  while (sockets.size > 1) {
    rig.io.of("/channels").emit("system", { message: `${sent++}`.padEnd(30_000), level: "info" });
    await new Promise(setImmediate);
    highest = Math.max(
      highest,
      [...sockets.values()].reduce((bytes, { conn }) => bytes + connectionOf(conn).bufferedBytes, 0),
    );
  }
  // One by one they might have held sixty times a megabyte.
  expect(highest).toBeGreaterThan(BUDGET / 2);
  expect(highest).toBeLessThan(BUDGET + 2 * SLOW * 30_000);
  await eventually(() => reader.frames.length === sent, { timeoutMs: 20_000 });
  expect(budget.exceeded).toBe(false);
  for (const wire of wires) wire.destroy();
  await rig.close();
});
