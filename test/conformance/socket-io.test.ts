// Socket.IO's protocol 5 on the product's own wiring, case by case: connecting, events, acks, attachments, leaving, and what is malformed.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Listening, startSocketIoServer } from "./suites/server.ts";
import { openWebSocket, type WireClient } from "./wire-client.ts";

const PATH = "/socket.io/?EIO=4&transport=websocket";
const BYTES = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])] as const;
const FIRST = '{"_placeholder":true,"num":0}';
const SECOND = '{"_placeholder":true,"num":1}';

let server: Listening;
beforeAll(async () => {
  server = await startSocketIoServer(0, { pingIntervalMs: 30_000, pongTimeoutMs: 30_000 });
});
afterAll(() => server.close());

type Message = string | Buffer;

/** Opens a connection, sends these, and returns it with what came after its open packet. */
async function say(...sent: readonly Message[]): Promise<{ client: WireClient; hears: Hears }> {
  const client = await openWebSocket(server.port, PATH);
  for (const message of sent) client.send(message);
  const hears: Hears = async (...expected) => {
    const messages = await client.hears(1 + expected.length);
    expect(messages.slice(1, 1 + expected.length)).toEqual(expected);
  };
  return { client, hears };
}
type Hears = (...expected: readonly unknown[]) => Promise<void>;

/** The answer to a CONNECT of this namespace, and the event that follows it. */
const entered = (namespace = "", auth = "{}"): readonly unknown[] => {
  const prefix = namespace === "" ? "" : `${namespace},`;
  return [expect.stringMatching(new RegExp(`^40${prefix}\\{"sid":"[^"]+"\\}$`)), `42${prefix}["auth",${auth}]`];
};

describe("CONNECT", () => {
  it.each<[string, string, readonly unknown[]]>([
    ["the default namespace", "40", entered()],
    ["the default namespace by its name", "40/,", entered()],
    ["it with a payload", '40{"token":"123"}', entered("", '{"token":"123"}')],
    ["another namespace", "40/custom,", entered("/custom")],
    ["another without the comma", "40/custom", entered("/custom")],
    ["another with a payload", '40/custom,{"token":"abc"}', entered("/custom", '{"token":"abc"}')],
    ["one that is none", "40/random,", ['44/random,{"message":"Invalid namespace"}']],
    ["a name that every object has", "40/constructor,", ['44/constructor,{"message":"Invalid namespace"}']],
  ])("to %s", async (_what, packet, expected) => {
    const { client, hears } = await say(packet);
    await hears(...expected);
    client.destroy();
  });

  it("to two namespaces of one connection gives each an id of its own", async () => {
    const { client, hears } = await say("40");
    await hears(...entered());
    client.send("40/custom,");
    await hears(...entered(), ...entered("/custom"));
    const [, first, , second] = client.messages.map((message) => /"sid":"([^"]+)"/.exec(String(message))?.[1]);
    expect(first).not.toBe(second);
    client.destroy();
  });

  it("that does not come in time ends the connection", async () => {
    const { client } = await say();
    await client.closed();
  });

  it.each([
    ["is no JSON", "40{"],
    ["is a list", "40[]"],
    ["is null", "40null"],
    ["is a text", '40"token"'],
  ])("whose payload %s ends the connection", async (_what, packet) => {
    const { client } = await say(packet);
    await client.closed();
    expect(client.messages).toHaveLength(1);
  });
});

describe("an event", () => {
  it.each<[string, readonly Message[], readonly unknown[]]>([
    ["of several arguments", ['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']],
    ["without arguments", ['42["message"]'], ['42["message-back"]']],
    ["in several scripts", ['42["message","词法 ✓ 🎓"]'], ['42["message-back","词法 ✓ 🎓"]']],
    ["with a line separator", ['42["message","\u2028"]'], ['42["message-back","\u2028"]']],
    [
      "of a forged prototype",
      ['42["message",{"a":1,"__proto__":2}]'],
      [expect.stringContaining('"message-back",{"a":1')],
    ],
    ["without a name, which nobody hears, then one", ["42", '42["message",1]'], ['42["message-back",1]']],
    ["that nobody hears, then one", ['42["nobody"]', '42["message",1]'], ['42["message-back",1]']],
    ["with an ack", ['42456["message-with-ack",1,"2"]'], ['43456[1,"2"]']],
    ["with ack 0", ['420["message-with-ack"]'], ["430[]"]],
    ["after an ack that nobody waits for", ["439[1]", '42["message",1]'], ['42["message-back",1]']],
    [
      "with attachments",
      [`452-["message",${FIRST},${SECOND}]`, ...BYTES],
      [`452-["message-back",${FIRST},${SECOND}]`, ...BYTES],
    ],
    [
      "with attachments deep inside",
      [`451-["message",{"a":[${FIRST}]}]`, BYTES[0]],
      [`451-["message-back",{"a":[${FIRST}]}]`, BYTES[0]],
    ],
    [
      "with attachments and an ack",
      [`452-789["message-with-ack",${FIRST},${SECOND}]`, ...BYTES],
      [`462-789[${FIRST},${SECOND}]`, ...BYTES],
    ],
  ])("%s", async (_what, sent, expected) => {
    const { client, hears } = await say("40");
    await hears(...entered());
    for (const message of sent) client.send(message);
    await hears(...entered(), ...expected);
    client.destroy();
  });

  it("of a namespace is answered there", async () => {
    const { client, hears } = await say("40/custom,");
    await hears(...entered("/custom"));
    client.send('42/custom,["message",1]');
    client.send('42/custom,7["message-with-ack",1]');
    await hears(...entered("/custom"), '42/custom,["message-back",1]', "43/custom,7[1]");
    client.destroy();
  });

  it.each([
    ["before CONNECT", '42["message",1]'],
    ["of a namespace that it is not in", '42/custom,["message",1]'],
    ["that is a DISCONNECT of one that it is not in", "41/custom,"],
  ])("%s ends the connection", async (what, packet) => {
    const { client } = await say(...(what === "before CONNECT" ? [] : ["40"]), packet);
    await client.closed();
    expect(client.messages.join()).not.toContain("message-back");
  });
});

describe("a malformed packet ends the connection:", () => {
  it.each<[string, ...Message[]]>([
    ["no packet", "4abc"],
    ["nothing", "4"],
    ["an unknown type", '49["message"]'],
    ["an object for a list", "42{}"],
    ["an empty list", "42[]"],
    ["half a list", '42["message"'],
    ["a name that is null", "42[null]"],
    ["a name that is reserved", '42["disconnect"]'],
    ["a name that is an object", "42[{}]"],
    ["an ack id that is no number", '42abc["message-with-ack",1]'],
    ["an ack of an object", "431{}"],
    ["a DISCONNECT with data", "41{}"],
    ["attachments without their number", `45["message",${FIRST}]`],
    ["a number of attachments that is none", `45x-["message",${FIRST}]`],
    ["no attachments in a packet of some", '450-["message",1]'],
    ["text where an attachment is due", `451-["message",${FIRST}]`, '42["message",1]'],
    ["an attachment of nothing", BYTES[0]],
    ["a placeholder beyond the attachments", `451-["message",${SECOND}]`, BYTES[0]],
    ["a placeholder below them", '451-["message",{"_placeholder":true,"num":-1}]', BYTES[0]],
    ["a placeholder that is no number", '451-["message",{"_placeholder":true,"num":"0"}]', BYTES[0]],
  ])("%s", async (_what, ...packets) => {
    const { client, hears } = await say("40");
    await hears(...entered());
    for (const packet of packets) client.send(packet);
    await client.closed();
    expect(client.messages).toHaveLength(3);
  });
});

describe("DISCONNECT", () => {
  it("leaves one namespace, and the others stay", async () => {
    const { client } = await say("40", "40/custom,");
    await client.hears(5);
    client.send("41/custom,");
    client.send('42["message",1]');
    await client.hears(6);
    expect(client.messages.at(-1)).toBe('42["message-back",1]');
    client.send('42/custom,["message",1]');
    await client.closed();
    expect(client.messages).toHaveLength(6);
  });

  it("and CONNECT again on one connection begins anew", async () => {
    const { client, hears } = await say("40");
    await hears(...entered());
    client.send("41");
    client.send('40{"token":"2"}');
    await hears(...entered(), ...entered("", '{"token":"2"}'));
    client.send('42["message",1]');
    await client.hears(6);
    const ids = client.messages.map((message) => /^40\{"sid":"([^"]+)"/.exec(String(message))?.[1]).filter(Boolean);
    expect(new Set(ids).size).toBe(2);
    client.destroy();
  });
});
