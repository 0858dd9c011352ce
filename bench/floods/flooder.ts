// Connections that send as fast as the server reads, in a process of their own: node --import tsx flooder.ts <url> <kind> <tokens, joined by commas>.
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { FLOODS, type Flood } from "./kinds.ts";

const [url = "", kind = "", tokens = ""] = process.argv.slice(2);
const flood = FLOODS[kind];
if (flood === undefined) throw new Error(`unknown kind of flood ${kind}`);
const { hostname, port } = new URL(url);
let bytes = 0;
let open = 0;
let ended = 0;

for (const token of tokens.split(",")) {
  if (flood.transport === "polling") void pollingFlood(flood, token);
  else socketFlood(flood, token);
}
setInterval(() => console.log(JSON.stringify({ open, ended, bytes })), 200);

/** A masked frame with the key 0. */
function frame(opcode: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.from([0x80 | opcode, 0x80 | (payload.length < 126 ? payload.length : 126)]);
  const length = payload.length < 126 ? Buffer.alloc(0) : Buffer.from([payload.length >> 8, payload.length & 255]);
  return Buffer.concat([header, length, Buffer.alloc(4), payload]);
}

function socketFlood({ path, before, ready, opcode, text }: Flood, token: string): void {
  const one = frame(opcode, text);
  const block = Buffer.concat(Array.from({ length: Math.ceil(262_144 / one.length) }, () => one));
  const socket: Socket = connect(Number(port), hostname);
  let isFlooding = false;
  const send = () => {
    for (let more = true; more && !socket.destroyed; ) {
      more = socket.write(block);
      bytes += block.length;
    }
  };
  socket.on("connect", () => {
    const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const target = path.replace("$token", token);
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
    );
  });
  socket.on("data", (data) => {
    const heard = data.toString("latin1");
    if (heard.includes("101 Switching"))
      for (const packet of before) socket.write(frame(1, packet.replace("$token", token)));
    if (isFlooding || !heard.includes(ready)) return;
    isFlooding = true;
    open++;
    socket.on("drain", send);
    send();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => ended++);
}

async function pollingFlood({ path, before, text }: Flood, token: string): Promise<void> {
  const body = Array.from({ length: Math.floor(500_000 / (text.length + 1)) }, () => text).join("\x1e");
  const handshake = await call("GET", path);
  const session = `${path}&sid=${JSON.parse(handshake.slice(1)).sid}`;
  for (const packet of before) await call("POST", session, packet.replace("$token", token));
  await call("GET", session);
  open++;
  const poll = async () => {
    for (;;) await call("GET", session);
  };
  poll().catch(() => undefined);
  try {
    for (;;) {
      await call("POST", session, body);
      bytes += body.length;
    }
  } catch {
    ended++;
  }
}

function call(method: string, path: string, body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers: { "content-length": Buffer.byteLength(body) } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
      },
    );
    sent.on("error", reject).end(body);
  });
}
