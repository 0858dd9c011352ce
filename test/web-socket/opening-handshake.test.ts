// The opening handshake at every endpoint, byte for byte: which requests become a WebSocket, and what the others are told.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { chooseOffer } from "../../src/web-socket/extension-offers.ts";
import { type Rig, startRig } from "../raw/support/rig.ts";

const RAW = [
  "/api/v1/ws/dashboard?token=1",
  "/?token=1",
  "/api/study-time?userId=1&courseId=2",
  "/ws?token=1",
  "/api/ws/connect?user_id=1",
];
const SOCKET_IO = "/socket.io/?EIO=4&transport=websocket";

const USUAL: Readonly<Record<string, string>> = {
  Host: "classwire.example",
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** The usual request with other or further lines; an empty list leaves a header out. */
const withLines = (changes: Readonly<Record<string, readonly string[]>>, first = "GET {path} HTTP/1.1"): string => {
  const lines = Object.entries(USUAL).flatMap(([name, value]) =>
    (changes[name] ?? [value]).map((v) => `${name}: ${v}`),
  );
  const further = Object.entries(changes).flatMap(([name, values]) =>
    name in USUAL ? [] : values.map((value) => `${name}: ${value}`),
  );
  return `${[first, ...lines, ...further].join("\r\n")}\r\n\r\n`;
};

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** The head of the answer to a request, as it is on the wire. */
const answerTo = (request: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(rig.port, "127.0.0.1", () => socket.write(request.replace("{path}", path), "latin1"));
    let heard = "";
    const done = () => {
      socket.destroy();
      resolve(heard);
    };
    socket.on("data", (data) => {
      heard += data.toString("latin1");
      if (heard.includes("\r\n\r\n")) done();
    });
    socket.on("end", done).on("error", reject);
  });

const headerOf = (answer: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)\r$`, "im").exec(answer)?.[1];

const REFUSED: readonly (readonly [what: string, request: string, status: number])[] = [
  ["HTTP/1.0", withLines({}, "GET {path} HTTP/1.0"), 400],
  ["no Host", withLines({ Host: [] }), 400],
  ["two Hosts", withLines({ Host: ["classwire.example", "classwire.example"] }), 400],
  ["another method", withLines({ "Content-Length": ["0"] }, "POST {path} HTTP/1.1"), 405],
  ["HEAD", withLines({}, "HEAD {path} HTTP/1.1"), 405],
  ["a body", `${withLines({ "Content-Length": ["4"] })}body`, 400],
  ["a chunked body", `${withLines({ "Transfer-Encoding": ["chunked"] })}0\r\n\r\n`, 400],
  ["another protocol", withLines({ Upgrade: ["example/1"] }), 400],
  ["no version", withLines({ "Sec-WebSocket-Version": [] }), 400],
  ["an older version", withLines({ "Sec-WebSocket-Version": ["8"] }), 426],
  ["a version that is none", withLines({ "Sec-WebSocket-Version": ["013"] }), 426],
  ["a list of versions", withLines({ "Sec-WebSocket-Version": ["13, 8"] }), 426],
  ["two versions", withLines({ "Sec-WebSocket-Version": ["13", "13"] }), 400],
  ["no key", withLines({ "Sec-WebSocket-Key": [] }), 400],
  ["an empty key", withLines({ "Sec-WebSocket-Key": [""] }), 400],
  ["a key of 15 bytes", withLines({ "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25j"] }), 400],
  ["a key that is no base64", withLines({ "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZ!=="] }), 400],
  ["two keys", withLines({ "Sec-WebSocket-Key": [USUAL["Sec-WebSocket-Key"] ?? "", "dGhlIHNhbXBsZSBub25jZA=="] }), 400],
  ["malformed subprotocols", withLines({ "Sec-WebSocket-Protocol": ["a b"] }), 400],
  ["a subprotocol named twice", withLines({ "Sec-WebSocket-Protocol": ["a", "a"] }), 400],
  ["malformed extensions", withLines({ "Sec-WebSocket-Extensions": ["permessage-deflate;"] }), 400],
];

describe.each([...RAW, SOCKET_IO])("%s", (path) => {
  it.each(REFUSED)("is refused with %s", async (_what, request, status) => {
    const before = rig.admissions.length;
    const answer = await answerTo(request, path);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(headerOf(answer, "connection")).toMatch(/close$/);
    expect(headerOf(answer, "sec-websocket-version")).toBe(status === 426 ? "13" : undefined);
    expect(headerOf(answer, "allow")).toBe(status === 405 ? "GET" : undefined);
    expect(rig.admissions.length).toBe(before);
  });

  it.each([
    ["as it should be", withLines({})],
    ["in other letters", withLines({ Upgrade: ["WebSocket"], Connection: ["keep-alive, UPGRADE"] })],
    ["with a choice of protocols", withLines({ Upgrade: ["example/1, websocket"] })],
    ["in two lines of Connection", withLines({ Connection: ["keep-alive", "Upgrade"] })],
    ["with an empty body", withLines({ "Content-Length": ["0"] })],
  ])("is opened %s", async (_what, request) => {
    const answer = await answerTo(request, path);
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(headerOf(answer, "sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
});

const WITHOUT_TAKEOVER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

describe.each(RAW)("extensions at %s", (path) => {
  it.each([
    ["permessage-deflate", WITHOUT_TAKEOVER],
    ["permessage-deflate; client_max_window_bits", WITHOUT_TAKEOVER],
    ["permessage-deflate; foo=1, permessage-deflate", WITHOUT_TAKEOVER],
    ["permessage-deflate; foo=1", undefined],
    ["x-webkit-deflate-frame", undefined],
    ["permessage-deflate; server_max_window_bits=7", undefined],
  ])("%s: %s", async (offers, agreed) => {
    const answer = await answerTo(withLines({ "Sec-WebSocket-Extensions": [offers] }), path);
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(headerOf(answer, "sec-websocket-extensions")).toBe(agreed);
  });

  it("of several lines are one list", async () => {
    const lines = {
      "Sec-WebSocket-Extensions": ["permessage-deflate; foo", "permessage-deflate; client_max_window_bits=9"],
    };
    const answer = await answerTo(withLines(lines), path);
    expect(headerOf(answer, "sec-websocket-extensions")).toBe(
      "permessage-deflate; client_max_window_bits=9; server_no_context_takeover; client_no_context_takeover",
    );
  });

  it("leave the first subprotocol as it is offered: a browser that offers some fails where none is chosen", async () => {
    const answer = await answerTo(withLines({ "Sec-WebSocket-Protocol": ["v2.json", "v1.json"] }), path);
    expect(headerOf(answer, "sec-websocket-protocol")).toBe("v2.json");
    expect(headerOf(await answerTo(withLines({}), path), "sec-websocket-protocol")).toBe(undefined);
  });
});

test.each([
  ["permessage-deflate", "permessage-deflate"],
  ["foo, permessage-deflate", "permessage-deflate"],
  [" , foo ,, permessage-deflate ,", "permessage-deflate"],
  ['permessage-deflate; client_max_window_bits="1\\5"', "permessage-deflate; client_max_window_bits=15"],
  [
    "permessage-deflate;server_max_window_bits=8;client_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9",
  ],
  [
    "permessage-deflate; client_max_window_bits=16, permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits",
  ],
  ["permessage-deflate; client_max_window_bits=08", undefined],
  ["permessage-deflate; client_max_window_bits=1e1", undefined],
  ["permessage-deflate; server_max_window_bits", undefined],
  ["permessage-deflate; server_no_context_takeover=true", undefined],
  ["permessage-deflate; client_no_context_takeover; client_no_context_takeover", undefined],
  ["permessage-deflate; constructor", undefined],
  ["permessage-deflate; __proto__=1", undefined],
  ["Permessage-Deflate", undefined],
])("of the offers %s is taken: %s", (header, offer) => {
  expect(chooseOffer(header)).toEqual({ offer });
});

test.each([
  "",
  " ",
  ",",
  ";",
  "a b",
  "a;",
  "a; =1",
  "a; b=",
  'a; b="',
  'a; b=""',
  'a; b="c d"',
  "a=1",
  "a; b c",
  "ä",
  "a; b=c=d",
  "a,;",
])("%j is no list of offers", (header) => {
  expect(chooseOffer(header)).toBe("malformed");
});
