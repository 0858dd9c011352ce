// Connections that send as much as they can, in a process of their own; what the server acts upon is written down.
// Forked with <history> <url> <connections> <milliseconds>; ends by itself.
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { createRecorder } from "../../test/history/files.ts";
import { signToken } from "../../test/support/tokens.ts";

const [path = "", url = "", connections = "10", ms = "3000"] = process.argv.slice(2);
/** So many at a time, then a pause of 5 ms: about 4 000 a second and connection. */
const VOLLEY = 20;
const recorder = createRecorder(path);
const until = performance.now() + Number(ms);

async function flood(number: number): Promise<void> {
  const user = `flood-${process.pid}-${number}`;
  const socket = io(`${url}/channels`, {
    transports: ["websocket"],
    forceNew: true,
    auth: { token: signToken(user) },
  });
  let connection = 0;
  socket.on("connect", () => {
    connection++;
    recorder.note({ kind: "opened", client: user, connection, user, namespace: "/channels", promised: "once" });
  });
  socket.on("disconnect", () => recorder.note({ kind: "closed", client: user, connection }));
  while (performance.now() < until) {
    for (let shot = 0; shot < VOLLEY && socket.connected; shot++) {
      const [sent, its] = [Date.now(), connection];
      socket.emit("heartbeat", {}, ({ ok }: { ok: boolean }) => {
        if (ok) recorder.note({ kind: "handled", client: user, connection: its, sent });
      });
    }
    await sleep(5);
  }
  socket.close();
}

await Promise.all(Array.from({ length: Number(connections) }, (_, number) => flood(number)));
recorder.close();
process.exit();
