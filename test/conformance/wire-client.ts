// A client of bytes: HTTP requests and WebSocket frames over plain sockets, so that nothing of what is sent is put right on the way.
import { connect, type Socket } from "node:net";
import { clientFrame, serverFrames } from "../fuzz/wire.ts";
import { eventually } from "../support/eventually.ts";

const [TEXT, BINARY, CLOSE] = [0x1, 0x2, 0x8] as const;

/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request and reads the whole answer. */
export function request(
  port: number,
  method: string,
  path: string,
  body?: string,
  type = "text/plain",
): Promise<Answer> {
  const length = body === undefined ? "" : `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${length}\r\n${body ?? ""}`),
    );
    socket.setEncoding("utf8");
    socket.on("data", (data) => {
      heard += data;
    });
    socket.on("error", reject).on("close", () => {
      const [head = "", ...rest] = heard.split("\r\n\r\n");
      const text = rest.join("\r\n\r\n");
      const isChunked = /^transfer-encoding: chunked/im.test(head);
      resolve({ status: Number(head.split(" ")[1]), body: isChunked ? withoutChunks(text) : text });
    });
  });
}

/** A body in chunks (RFC 9112, 7.1), whole; of ASCII, as the short answers here are. */
function withoutChunks(text: string): string {
  let body = "";
  for (let rest = text; rest !== ""; ) {
    const [size = "0"] = rest.split("\r\n", 1);
    const from = size.length + 2;
    const length = Number.parseInt(size, 16);
    if (!(length > 0)) break;
    body += rest.slice(from, from + length);
    rest = rest.slice(from + length + 2);
  }
  return body;
}

/** An open WebSocket. */
export interface WireClient {
  /** Every message that came: text as it is, binary ones as buffers. Pings of Engine.IO are answered, and are not among them. */
  readonly messages: readonly (string | Buffer)[];
  /** Sends a message, or a frame of one's own. */
  send(message: string | Buffer): void;
  sendFrame(opcode: number, payload: string, isLast: boolean): void;
  /** Sends a close frame. */
  close(code: number): void;
  /** Waits until as many messages have come, and returns them. */
  hears(count: number): Promise<readonly (string | Buffer)[]>;
  /** Waits until the server has hung up; the code of its close frame, or undefined. */
  closed(): Promise<number | undefined>;
  destroy(): void;
}

/** Opens one; `answersPings` false leaves Engine.IO's pings unanswered and among the messages. */
export function openWebSocket(port: number, path: string, { answersPings = true } = {}): Promise<WireClient> {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const read = (data: Buffer): void => {
      head = Buffer.concat([head, data]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read).off("close", refused);
      if (head.toString("latin1").startsWith("HTTP/1.1 101 "))
        resolve(talk(socket, head.subarray(end + 4), answersPings));
      else reject(new Error(head.toString("latin1", 0, head.indexOf("\r\n"))));
    };
    const refused = (): void => reject(new Error("no answer"));
    socket.on("data", read).on("error", reject).on("close", refused);
  });
}

function talk(socket: Socket, first: Buffer, answersPings: boolean): WireClient {
  const messages: (string | Buffer)[] = [];
  let left = Buffer.alloc(0);
  let code: number | undefined;
  let isClosed = false;
  const sendFrame = (opcode: number, payload: string, isLast: boolean): void =>
    void socket.write(clientFrame(opcode, Buffer.from(payload), (isLast ? 0x80 : 0) | opcode));
  const send = (message: string | Buffer): void =>
    void socket.write(clientFrame(typeof message === "string" ? TEXT : BINARY, Buffer.from(message)));
  const read = (data: Buffer): void => {
    const { frames, left: rest } = serverFrames(Buffer.concat([left, data]));
    left = Buffer.from(rest);
    for (const { opcode, payload } of frames) {
      const text = payload.toString();
      if (opcode === CLOSE) {
        code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
        socket.end(clientFrame(CLOSE, payload));
      } else if (opcode === TEXT && text === "2" && answersPings) send("3");
      else messages.push(opcode === TEXT ? text : Buffer.from(payload));
    }
  };
  socket.on("error", () => undefined); // `close` follows
  socket.on("data", read).once("close", () => (isClosed = true));
  read(first);
  return {
    messages,
    send,
    sendFrame,
    close: (closeCode) => void socket.write(clientFrame(CLOSE, Buffer.from([closeCode >> 8, closeCode & 0xff]))),
    async hears(count) {
      const what = `${count} messages`;
      await eventually(() => messages.length >= count, { what }).catch((error: unknown) => {
        throw new Error(`${error}; came: ${JSON.stringify(messages)}${isClosed ? `, closed with ${code}` : ""}`);
      });
      return messages;
    },
    async closed() {
      await eventually(() => isClosed, { what: "the server hanging up" });
      return code;
    },
    destroy: () => void socket.destroy(),
  };
}
