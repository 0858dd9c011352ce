// Packets as Socket.IO's own encoder writes them, and as its decoder reads ours.
import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";
import { describe, expect, it } from "vitest";
import { ackPacket, connectPacket, deliveryAckPacket, eventPacket, readPacket } from "../../src/raw/packet.ts";

const nsp = "/channels";
const encode = (packet: Partial<Packet>): string[] => new Encoder().encode({ nsp, ...packet } as Packet) as string[];

function decode(text: string): Packet {
  const decoder = new Decoder();
  const packets: Packet[] = [];
  decoder.on("decoded", (packet) => packets.push(packet));
  decoder.add(text);
  return packets[0] as Packet;
}

describe("reading", () => {
  it.each([
    [{ type: PacketType.CONNECT, data: { sid: "x" } }, { type: "connect" }],
    [{ type: PacketType.DISCONNECT }, { type: "disconnect" }],
    [
      { type: PacketType.EVENT, data: ["a,b", { c: [1] }] },
      { type: "event", event: "a,b", args: [{ c: [1] }] },
    ],
    [
      { type: PacketType.EVENT, data: ["e"], id: 17 },
      { type: "event", event: "e", args: [], ackId: 17 },
    ],
    [{ type: PacketType.EVENT, data: [7, 1] }, { type: "other" }],
    [{ type: PacketType.ACK, id: 0, data: [] }, { type: "other" }],
    [
      { type: PacketType.CONNECT_ERROR, data: { message: "m", data: { code: "RATE_LIMIT", message: "n" } } },
      { type: "connect_error", code: "RATE_LIMIT", message: "n" },
    ],
    [
      { type: PacketType.CONNECT_ERROR, data: { message: "Invalid namespace" } },
      { type: "connect_error", code: "SERVER_ERROR", message: "Invalid namespace" },
    ],
  ])("%o", (packet, expected) => {
    expect(readPacket(encode(packet)[0] ?? "")).toEqual(expected);
    expect(readPacket(encode({ ...packet, nsp: "/" })[0] ?? "")).toEqual(expected);
  });

  it("leaves binary events and what is no packet alone", () => {
    const [head = ""] = encode({ type: PacketType.EVENT, data: ["e", Buffer.from("b")] });
    expect(head).toMatch(/^51-/);
    for (const text of [head, "", "9", "x"]) expect(readPacket(text)).toEqual({ type: "other" });
    expect(() => readPacket("2/channels,[")).toThrow(SyntaxError);
  });
});

describe("writing", () => {
  const unheard = (): void => undefined;
  const as = (type: PacketType, data: unknown[], id?: number) => ({ type, nsp, data, id });

  it("makes what Socket.IO's decoder would make of text, with a function for the id of an ack", () => {
    expect(decode(connectPacket(nsp))).toEqual({ type: PacketType.CONNECT, nsp, data: {} });
    const event = (message: Parameters<typeof eventPacket>[1]) => ({ ...eventPacket(nsp, message, unheard) });
    const content = '",[';
    expect(event({ event: "chat", payload: { content } })).toEqual(
      as(PacketType.EVENT, ["chat", { content }, unheard]),
    );
    expect(event({ event: "heartbeat" })).toEqual(as(PacketType.EVENT, ["heartbeat", unheard]));
    expect(event({ event: "heartbeat", payload: null })).toEqual(as(PacketType.EVENT, ["heartbeat", null, unheard]));
    const [, payload] = event({ event: "chat", payload: { content, id: undefined } }).data;
    expect(Object.keys(payload as object)).toEqual(["content"]);
    const ack = ["ack", { channel: "rooms/a", offset: 3 }, expect.any(Function)];
    expect({ ...deliveryAckPacket(nsp, "rooms/a", 3) }).toEqual(as(PacketType.EVENT, ack));
    expect({ ...ackPacket(nsp, 12) }).toEqual(as(PacketType.ACK, [], 12));
  });
});
