// What a bench tells a process full of clients, and what that process answers.

/** What clients of a group speak: bare WebSocket, Socket.IO over WebSocket, or Classwire's gateway dialect. */
export type Protocol = "ws" | "socket.io" | "raw";

/** Where clients connect, and as whom. `$n` in texts is the client's number, `$token` its token, `$room` its room. */
export interface Target {
  readonly protocol: Protocol;
  readonly port: number;
  readonly path: string;
  /** What a client says first, in order. It is open when the last one has been answered. */
  readonly greetings: readonly Greeting[];
  /** What makes it a member of `$room`, sent with the last greeting where the scenario has rooms. */
  readonly join?: string;
  /** What asks for an answer, as a text frame. */
  readonly heartbeat: string;
  /** The number before the first client's: users of several groups are different people. */
  readonly from?: number;
  /** Signs the tokens; none are made without it. */
  readonly secret: string | undefined;
}

/** Something to say (nothing, where the server speaks first), and how the frame begins that answers it. */
export interface Greeting {
  readonly say: string;
  readonly until: string;
}

/** One order. Every order is answered by one {@link Answer} with its `id`. */
export type Order = { readonly id: number } & (
  | {
      readonly do: "open";
      readonly target: Target;
      readonly clients: number;
      readonly atATime: number;
      readonly rooms: number;
    }
  /** Ends every connection at once, without a close frame. */
  | { readonly do: "cut" }
  /** Waits until the clients together have got so many data frames since `mark`. */
  | { readonly do: "await"; readonly frames: number }
  | { readonly do: "mark" }
  /** Every client asks for an answer `times` times, `window` of them at once. */
  | { readonly do: "heartbeats"; readonly times: number; readonly window: number }
  /** The first client asks every `everyMs` until `stop`. */
  | { readonly do: "beat"; readonly everyMs: number }
  | { readonly do: "stop" }
  /** Collects the times between `"at":<epoch ms>` in frames and their arrival, until `stop`. */
  | { readonly do: "listen" }
);

/** The answer: milliseconds that it took, and what was measured, in milliseconds. */
export interface Answer {
  readonly id: number;
  readonly tookMs: number;
  readonly samples?: readonly number[];
  readonly error?: string;
}
