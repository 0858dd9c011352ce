// A packet of Socket.IO that was never text: an engine of our own hands it over as Socket.IO's decoder would make it.

/** Packet types of socket.io-protocol 5 that come this way. */
export const PACKET_TYPE = { event: 2, ack: 3 } as const;

/** The packet. The last item of an event's data may be a function: it is called with the answer, and takes the place of an ack's id. */
export class DecodedPacket {
  readonly type: number;
  readonly nsp: string;
  readonly data: unknown[];
  readonly id: number | undefined;

  constructor(type: number, nsp: string, data: unknown[], id?: number) {
    this.type = type;
    this.nsp = nsp;
    this.data = data;
    this.id = id;
  }
}
