// Flips bits of what is sent to a Redis: of published messages only, or of anything both ways.
import { seeded } from "../support/random.ts";
import { type Line, openLine } from "./line.ts";

/** A line to a Redis that flips bits. */
export interface FlippingLine extends Line {
  /** The address for nodes. */
  readonly url: string;
  /** How many bits have been flipped. */
  readonly flipped: number;
  /** One in so many messages (or pieces) gets a flipped bit; 0 leaves all as they are. */
  flipOneIn(times: number): void;
}

/**
 * Opens it.
 * @param where `messages`: in the payload of PUBLISH, so that everything arrives, but says something else; `anywhere`: in any piece,
 *   both ways, so that commands, lengths and answers are hit as well
 */
export async function openFlippingLine(
  port: () => number,
  where: "messages" | "anywhere",
  seed: number,
): Promise<FlippingLine> {
  const random = seeded(seed);
  const state = { oneIn: 0, flipped: 0 };
  const flip = (bytes: Buffer, from = 0, to = bytes.length): Buffer => {
    if (state.oneIn === 0 || to <= from || !random.oneIn(state.oneIn)) return bytes;
    const at = from + random.below(to - from);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    state.flipped++;
    return bytes;
  };
  const line = await openLine({
    port,
    change: (direction) => {
      if (where === "anywhere") return (piece) => flip(Buffer.from(piece));
      return direction === "to client" ? (piece) => piece : publications(flip);
    },
  });
  return {
    port: line.port,
    become: line.become,
    close: line.close,
    get connections() {
      return line.connections;
    },
    get swallowed() {
      return line.swallowed;
    },
    url: `redis://127.0.0.1:${line.port}`,
    get flipped() {
      return state.flipped;
    },
    flipOneIn(times) {
      state.oneIn = times;
    },
  };
}

/** Passes whole commands on, those that publish with what `flip` makes of their last part. */
function publications(flip: (bytes: Buffer, from: number, to: number) => Buffer): (piece: Buffer) => Buffer {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    let at = 0;
    for (;;) {
      const command = commandAt(rest, at);
      if (command === undefined) break;
      if (command.name === "PUBLISH") flip(rest, ...command.last);
      at = command.end;
    }
    const whole = Buffer.from(rest.subarray(0, at));
    rest = Buffer.from(rest.subarray(at));
    return whole;
  };
}

/** One command of RESP: `*<parts>`, then `$<length>` and the bytes of each. Undefined when it is not all there. */
function commandAt(bytes: Buffer, start: number): { name: string; last: [number, number]; end: number } | undefined {
  const header = lineAt(bytes, start);
  if (header === undefined) return undefined;
  let at = header.end;
  let name = "";
  let last: [number, number] = [at, at];
  for (let part = 0; part < Number(header.text.slice(1)); part++) {
    const length = lineAt(bytes, at);
    if (length === undefined) return undefined;
    const from = length.end;
    const to = from + Number(length.text.slice(1));
    if (bytes.length < to + 2) return undefined;
    if (part === 0) name = bytes.toString("latin1", from, to).toUpperCase();
    last = [from, to];
    at = to + 2;
  }
  return { name, last, end: at };
}

function lineAt(bytes: Buffer, start: number): { text: string; end: number } | undefined {
  const end = bytes.indexOf("\r\n", start);
  return end < 0 ? undefined : { text: bytes.toString("latin1", start, end), end: end + 2 };
}
