// Opens fire on a server: so many frames over many connections to every dialect, to Socket.IO over both transports and to the HTTP
// API, and sees that it goes on answering.
import { connect, type Socket } from "node:net";
import { type Random, seeded } from "../support/random.ts";
import { signToken } from "../support/tokens.ts";
import { makeTokens } from "./http.ts";
import { fireCalls, firePolling } from "./requests.ts";
import { text } from "./texts.ts";
import { CLOSE, clientFrame, message, oddControl, PONG, ping, serverFrames, violation } from "./wire.ts";

/** What is fired, and at what. */
export interface Fire {
  readonly port: number;
  readonly frames: number;
  readonly seed: number;
  /** Connections at a time. */
  readonly parallel?: number;
}

/** What became of it. */
export interface Hits {
  /** WebSocket messages, packets of polling and HTTP requests in all. */
  readonly frames: number;
  readonly socketIoFrames: number;
  readonly pollingPackets: number;
  readonly httpRequests: number;
  readonly connections: number;
  /** Connections that were open at the end of their volley, i.e. survived what they sent. */
  readonly survived: number;
}

/** Between two looks whether the server still reads. */
const VOLLEY = 40;
/** A pong that takes longer is none. */
const PATIENCE_MS = 30_000;

/** Fires, and resolves when all is sent and answered. @throws when the server stops answering */
export async function fire({ port, frames, seed, parallel = 8 }: Fire): Promise<Hits> {
  const hits = { frames: 0, socketIoFrames: 0, pollingPackets: 0, httpRequests: 0, connections: 0, survived: 0 };
  const tokens = makeTokens();
  const gun = async (number: number): Promise<void> => {
    const random = seeded(seed + number);
    while (hits.frames < frames) {
      const kind = random.below(16);
      if (kind > 3) await oneConnection(port, random, hits);
      else {
        hits.connections++;
        const of = kind > 0 ? "httpRequests" : "pollingPackets";
        const volley = kind > 0 ? fireCalls(port, random, tokens) : firePolling(port, random, tokens.byRole.user);
        const { frames, survived } = await volley;
        hits.frames += frames;
        hits[of] += frames;
        if (survived) hits.survived++;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, number) => gun(number)));
  return hits;
}

async function oneConnection(
  port: number,
  random: Random,
  hits: { -readonly [K in keyof Hits]: number },
): Promise<void> {
  const isSocketIo = random.oneIn(5);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined); // a reset is an answer too
  const target = path(isSocketIo, hits.connections++, random);
  const heard = listen(socket);
  socket.write(handshake(target, random));
  if (isSocketIo)
    socket.write(clientFrame(1, Buffer.from(`40${random.pick(["/channels", "/dashboard", "/nowhere", "/"])},{}`)));
  const volleys = 1 + random.below(6);
  for (let volley = 0; volley < volleys && !socket.destroyed; volley++) {
    socket.write(Buffer.concat(Array.from({ length: VOLLEY }, () => anything(isSocketIo, random))));
    hits.frames += VOLLEY;
    if (isSocketIo) hits.socketIoFrames += VOLLEY;
    if (random.oneIn(50)) break; // gone without a word
    const nonce = `v${volley}`;
    socket.write(ping(nonce));
    await heard.pongOrEnd(nonce);
  }
  if (!socket.destroyed) hits.survived++;
  if (random.oneIn(3)) {
    socket.resetAndDestroy();
  } else {
    socket.end(random.oneIn(3) ? Buffer.alloc(0) : violation(random));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  }
}

function anything(isSocketIo: boolean, random: Random): Buffer {
  if (random.oneIn(30)) return oddControl(random);
  return message(isSocketIo && !random.oneIn(4) ? `42/channels,${text(random)}` : text(random), random);
}

function path(isSocketIo: boolean, connection: number, random: Random): string {
  const user = String(1000 + connection);
  const token = random.oneIn(15) ? "bad" : signToken({ sub: random.oneIn(2) ? user : String(random.below(20)) });
  if (isSocketIo) return `/socket.io/?EIO=4&transport=websocket&token=${token}`;
  return random.pick([
    `/api/v1/ws/dashboard?token=${signToken({ sub: user })}`,
    `/?token=${token}`,
    `/api/study-time?userId=${user}&courseId=${random.pick(["c", "", "%00", "c&courseId=d"])}`,
    `/ws?token=${token}`,
    `/api/ws/connect?user_id=${user}`,
    `/api/ws/connect?token=${token}&token=x`,
  ]);
}

function handshake(target: string, random: Random): string {
  const extensions = random.oneIn(3) ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "";
  const key = random.bytes(16).toString("base64");
  return `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${extensions}\r\n`;
}

/** Reads all that comes; hangs up when the server says goodbye, and knows the latest pong. */
function listen(socket: Socket): { pongOrEnd(payload: string): Promise<void> } {
  let rest: Buffer = Buffer.alloc(0);
  let isOpen = false;
  let latestPong = "";
  let wake = (): void => undefined;
  socket.on("data", (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    const head = rest.indexOf("\r\n\r\n");
    if (!isOpen && head < 0) return;
    if (!isOpen) rest = rest.subarray(head + 4);
    isOpen = true;
    const { frames, left } = serverFrames(rest);
    rest = Buffer.from(left);
    for (const { opcode, payload } of frames) {
      if (opcode === CLOSE) socket.end();
      if (opcode === PONG) latestPong = payload.toString("latin1");
    }
    wake();
  });
  socket.on("close", () => wake());
  return {
    pongOrEnd(payload) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no pong within ${PATIENCE_MS} ms`)), PATIENCE_MS);
        wake = () => {
          if (latestPong !== payload && !socket.destroyed) return;
          clearTimeout(timer);
          resolve();
        };
        wake();
      });
    },
  };
}
