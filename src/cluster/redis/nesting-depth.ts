// How deep a message nests, told without building it: a hundred kilobytes of opening brackets cost milliseconds to decode.

/**
 * What nests deeper is malformed: a payload of a thousand levels, to which an envelope of the adapter adds four. The decoder and
 * Socket.IO's encoder go down recursively and run out of stack at about 2 200; a client's `JSON.parse` takes what is below.
 */
export const MAX_DEPTH = 1_004;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether JSON text nests deeper than `most`; says nothing about whether it is well-formed. */
export const isDeepJson = (text: Buffer, most = MAX_DEPTH): boolean => {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > most) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
};

/** Bytes that follow the first one of a value of fixed size, 0xc0 to 0xdf (msgpack spec, "Formats"); -1: a length follows. */
const FOLLOWING = [
  0, 0, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -1, -1, -1, -1, -1, -1,
];
/** For those whose length follows: how many bytes the length has, and how many of a type come after it. */
const LENGTH_BYTES = new Map([
  [0xc4, 1],
  [0xc5, 2],
  [0xc6, 4],
  [0xc7, 1],
  [0xc8, 2],
  [0xc9, 4],
  [0xd9, 1],
  [0xda, 2],
  [0xdb, 4],
  [0xdc, 2],
  [0xdd, 4],
  [0xde, 2],
  [0xdf, 4],
]);

/** Whether MessagePack nests deeper than `most`, or says that it holds more than there is. */
export const isDeepMessagePack = (message: Buffer, most = MAX_DEPTH): boolean => {
  /** How many values are still to come in each open array or map. */
  const open: number[] = [1];
  let at = 0;
  for (;;) {
    while (open.at(-1) === 0) open.pop();
    const left = open.pop();
    if (left === undefined) return at > message.length;
    open.push(left - 1);
    const type = message[at++];
    if (type === undefined) return true;
    let values = 0;
    if (type >= 0x80 && type <= 0x8f) values = 2 * (type & 0x0f);
    else if (type >= 0x90 && type <= 0x9f) values = type & 0x0f;
    else if (type >= 0xa0 && type <= 0xbf) at += type & 0x1f;
    else if (type >= 0xc0 && type <= 0xdf) {
      const bytes = LENGTH_BYTES.get(type);
      if (bytes === undefined) at += FOLLOWING[type - 0xc0] ?? 0;
      else {
        if (at + bytes > message.length) return true;
        const length = message.readUIntBE(at, bytes);
        at += bytes;
        if (type >= 0xde) values = 2 * length;
        else if (type >= 0xdc) values = length;
        else at += length + (type >= 0xc7 && type <= 0xc9 ? 1 : 0);
      }
    }
    if (values === 0) continue;
    if (values > message.length - at || open.length > most) return true;
    open.push(values);
  }
};
