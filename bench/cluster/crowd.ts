// Many clients of one node at little cost: the Socket.IO protocol by hand, over plain WebSockets. Run as a child process.
// Usage: tsx crowd.ts <url> <clients> <socket.io | raw>; prints `in`, then every second how many events came
import { WebSocket } from "ws";
import { signToken } from "../../test/support/tokens.ts";

const [url = "", count = "0", kind = "raw"] = process.argv.slice(2);
const base = url.replace("http", "ws");
let [connected, events] = [0, 0];

function open(index: number): Promise<void> {
  const token = signToken(`crowd-${kind}-${index}`);
  const ws = new WebSocket(
    kind === "raw" ? `${base}/ws?token=${token}` : `${base}/socket.io/?EIO=4&transport=websocket`,
  );
  return new Promise((resolve, reject) => {
    const joined = () => {
      connected++;
      resolve();
    };
    if (kind === "raw") ws.once("open", joined);
    ws.on("message", (data: Buffer) => {
      const text = data.toString();
      if (kind === "raw") events++;
      else if (text.startsWith("0{")) ws.send(`40/channels,${JSON.stringify({ token })}`);
      else if (text === "2") ws.send("3");
      else if (text.startsWith("40/channels")) joined();
      else if (text.startsWith('42/channels,["system"')) events++;
    });
    ws.once("error", reject);
  });
}

for (let at = 0; at < Number(count); at += 50) {
  await Promise.all(Array.from({ length: Math.min(50, Number(count) - at) }, (_, index) => open(at + index)));
}
console.log(`in ${connected}`);
setInterval(() => console.log(`events ${events}`), 200);
