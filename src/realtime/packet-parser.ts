// Socket.IO's parser, whose decoder takes packets that an engine of our own has made besides text and bytes.
import * as socketIo from "socket.io-parser";
import { DecodedPacket } from "../connection/decoded-packet.ts";

class PacketDecoder extends socketIo.Decoder {
  override add(data: unknown): void {
    if (data instanceof DecodedPacket) this.emitReserved("decoded", data as unknown as socketIo.Packet);
    else super.add(data);
  }
}

/** For Socket.IO's option `parser`. What goes out is encoded as always. */
export const PACKET_PARSER = { ...socketIo, Decoder: PacketDecoder };
