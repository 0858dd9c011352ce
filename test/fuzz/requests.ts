// Fires HTTP requests over plain connections, several at a time on each (pipelined), and counts the answers.
import { connect, type Socket } from "node:net";
import type { Random } from "../support/random.ts";
import { apiRequest, pollingPath, pollingRequest, request, type Tokens } from "./http.ts";

/** An answer that takes longer is none. */
const PATIENCE_MS = 30_000;
/** Packets in one POST of the polling transport. */
const PACKETS = 40;

/** What became of one connection. */
export interface Volley {
  /** Requests of the API that were answered, or packets of polling. */
  readonly frames: number;
  readonly survived: boolean;
}

/** A volley of API calls on one connection. @throws when the server neither answers nor closes it */
export async function fireCalls(port: number, random: Random, tokens: Tokens): Promise<Volley> {
  const { socket, answers, begun } = open(port);
  const requests = Array.from({ length: 10 + random.below(30) }, () => apiRequest(random, tokens));
  socket.write(Buffer.concat(requests));
  await answers(requests.length);
  const survived = !socket.destroyed;
  if (random.oneIn(3)) socket.resetAndDestroy();
  else socket.end(random.bytes(random.below(100)));
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  return { frames: begun(), survived }; // after an answer that ends the connection, what follows is not looked at
}

/** A polling session: its handshake, then POSTs of many packets, and a GET now and then. @throws as {@link fireCalls} */
export async function firePolling(port: number, random: Random, token: string): Promise<Volley> {
  const { socket, answers, heard } = open(port);
  socket.write(request("GET", pollingPath(undefined), "", []));
  await answers(1);
  const sid = /"sid":"([^"]+)"/.exec(heard())?.[1] ?? "nobody";
  const joins = `40/channels,${JSON.stringify({ token })}`;
  socket.write(request("POST", pollingPath(sid), joins, ["Content-Type: text/plain;charset=UTF-8"]));
  await answers(2);
  let [asked, frames] = [2, 0];
  const volleys = 1 + random.below(4);
  for (let volley = 0; volley < volleys && !socket.destroyed; volley++) {
    socket.write(pollingRequest(sid, PACKETS, random));
    frames += PACKETS;
    await answers(++asked);
  }
  const survived = !socket.destroyed;
  // A session that is not closed is given up by the server after its ping.
  socket.end(request("POST", pollingPath(sid), "1", []));
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  return { frames, survived };
}

interface Opened {
  readonly socket: Socket;
  heard(): string;
  /** How many answers have begun to come. */
  begun(): number;
  /** Waits until so many answers have begun to come in all, or the connection is closed. */
  answers(count: number): Promise<void>;
}

const STATUS_LINE = "HTTP/1.1 ";

function open(port: number): Opened {
  const socket = connect(port, "127.0.0.1");
  let [begun, heard, tail] = [0, "", ""];
  let wake = (): void => undefined;
  socket.on("error", () => undefined); // a reset is an answer too
  socket.on("data", (data: Buffer) => {
    const text = tail + data.toString("latin1");
    for (let at = text.indexOf(STATUS_LINE); at >= 0; at = text.indexOf(STATUS_LINE, at + 1)) begun++;
    tail = text.slice(-(STATUS_LINE.length - 1));
    if (heard.length < 2000) heard += data.toString("latin1");
    wake();
  });
  socket.on("close", () => wake());
  socket.on("end", () => socket.destroy());
  return {
    socket,
    heard: () => heard,
    begun: () => begun,
    answers: (count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
        wake = () => {
          if (begun < count && !socket.destroyed) return;
          clearTimeout(timer);
          resolve();
        };
        wake();
      }),
  };
}
