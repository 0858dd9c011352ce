// Packets as Socket.IO's own encoder writes them, and as its decoder reads ours.
import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";
import { describe, expect, it } from "vitest";
import { CLIENT_EVENTS, type ClientEventName } from "../../src/contract/namespaces.ts";
import { ackPacket, connectPacket, deliveryAckPacket, eventPacket, readPacket } from "../../src/raw/packet.ts";

const nsp = "/channels";
const idOf = (event: ClientEventName): number => CLIENT_EVENTS.indexOf(event);
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
    [
      { type: PacketType.ACK, id: idOf("ping"), data: [{ ok: true, timestamp: 5 }] },
      { type: "ack", event: "ping", answer: { ok: true, timestamp: 5 } },
    ],
    [
      { type: PacketType.ACK, id: idOf("heartbeat"), data: [{ ok: false, error: { code: "FORBIDDEN" } }] },
      { type: "ack", event: "heartbeat", answer: { ok: false, error: { code: "FORBIDDEN", message: "FORBIDDEN" } } },
    ],
    [{ type: PacketType.ACK, id: CLIENT_EVENTS.length, data: [{ ok: false }] }, { type: "other" }],
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
  it("is understood by Socket.IO's decoder", () => {
    expect(decode(connectPacket(nsp))).toEqual({ type: PacketType.CONNECT, nsp, data: {} });
    expect(decode(eventPacket(nsp, { event: "chat", payload: { content: '",[' } }))).toEqual({
      type: PacketType.EVENT,
      nsp,
      id: idOf("chat"),
      data: ["chat", { content: '",[' }],
    });
    expect(decode(eventPacket(nsp, { event: "heartbeat" })).data).toEqual(["heartbeat"]);
    expect(decode(eventPacket("/study-time", { event: "heartbeat", payload: null })).data).toEqual(["heartbeat", null]);
    expect(decode(deliveryAckPacket(nsp, "rooms/a", 3)).data).toEqual(["ack", { channel: "rooms/a", offset: 3 }]);
    expect(decode(ackPacket(nsp, 12))).toEqual({ type: PacketType.ACK, nsp, id: 12, data: [] });
  });
});
