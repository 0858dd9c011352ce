// Raw connections as ClientConnection.
import { type EventEmitter, once } from "node:events";
import type { Socket as NetSocket } from "node:net";
import { describeClientConnection } from "../connection/client-connection.suite.ts";
import { connect } from "../support/raw-client.ts";
import { startRig } from "./support/rig.ts";

describeClientConnection("a raw WebSocket", { transportName: "gateway", leavesCleanly: true }, async () => {
  let heard = 0;
  const rig = await startRig({ onSocket: (socket) => void socket.onAny(() => heard++) });
  const entered = once(rig.io.of("/channels") as unknown as EventEmitter, "connection");
  const client = await connect(`${rig.url}/ws?token=1`, { perMessageDeflate: false });
  await entered;
  const { raw, socket } = { raw: rig.raw(), socket: rig.socket() };
  return {
    connection: raw,
    send: (bytes) => void socket.emit("system", { message: "x".repeat(bytes), level: "info", code: 0, timestamp: 1 }),
    say: () => client.send({ type: "ping" }),
    heard: () => heard,
    pause: () => client.ws.pause(),
    resume: () => client.ws.resume(),
    cut: () => (Reflect.get(client.ws, "_socket") as NetSocket).destroy(),
    leave: () => client.ws.close(1000),
    ended: once(raw, "close"),
    async close() {
      client.ws.terminate();
      await rig.close();
    },
  };
});
