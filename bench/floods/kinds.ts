// The kinds of floods: how a connection begins, and what it then sends without end.

/** One kind. */
export interface Flood {
  readonly transport: "websocket" | "polling";
  /** `$token` stands for the user's token. */
  readonly path: string;
  /** Text frames that come first. */
  readonly before: readonly string[];
  /** What the server has said when the flood may begin. */
  readonly ready: string;
  /** Of the frames of the flood: 1 text, 9 ping, 10 pong. */
  readonly opcode: number;
  readonly text: string;
}

const SOCKET_IO = {
  transport: "websocket",
  path: "/socket.io/?EIO=4&transport=websocket",
  before: ['40/channels,{"token":"$token"}'],
  ready: "40/channels",
  opcode: 1,
} as const;
const RAW = { transport: "websocket", path: "/?token=$token", before: [], ready: "connected", opcode: 1 } as const;

/** All kinds by name. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  nobody: { ...SOCKET_IO, before: [], ready: "nothing at all", text: "" },
  "raw small frames": { ...RAW, text: '{"type":"unsubscribe","channel":"rooms/a"}' },
  "raw heartbeats": { ...RAW, text: '{"type":"heartbeat"}' },
  "raw malformed frames": { ...RAW, text: "{" },
  "raw pings": { ...RAW, opcode: 9, text: "" },
  "raw pongs": { ...RAW, opcode: 10, text: "" },
  "Socket.IO events": { ...SOCKET_IO, text: '42/channels,["heartbeat"]' },
  "Socket.IO unknown events": { ...SOCKET_IO, text: '42/channels,["x"]' },
  "Socket.IO acks": { ...SOCKET_IO, text: "43/channels,1[]" },
  "Socket.IO connects": { ...SOCKET_IO, before: [], ready: '0{"sid"', text: "40/nowhere," },
  "engine.io pongs": { ...SOCKET_IO, text: "3" },
  "Socket.IO pings": { ...SOCKET_IO, opcode: 9, text: "" },
  "polling POSTs": {
    ...SOCKET_IO,
    transport: "polling",
    path: "/socket.io/?EIO=4&transport=polling",
    text: '42/channels,["heartbeat"]',
  },
};
