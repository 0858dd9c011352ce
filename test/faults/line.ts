// A TCP line whose quality changes: it may swallow what is sent, trickle, jitter, or be cut, without either end being told why.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Random, seeded } from "../support/random.ts";

/**
 * What a line does with what is sent on it, in both directions:
 * - `well`: passes it on;
 * - `half-open`: swallows it, while the connections stay open, as behind a router that has forgotten them; when that is over, they
 *   are reset, as such a router does;
 * - `trickling`: one byte every 50 ms;
 * - `jittering`: each piece waits up to `jitterMs`, each connection for itself: of two connections the later one may be quicker,
 *   on one the order is kept, as TCP does;
 * - `cut`: every connection is reset, and so is each new one.
 */
export type Quality = "well" | "half-open" | "trickling" | "jittering" | "cut";

/** The line. Close it when done. */
export interface Line {
  readonly port: number;
  /** How many connections have been made through it. */
  readonly connections: number;
  /** Bytes that were swallowed. */
  readonly swallowed: number;
  /** From now on. */
  become(quality: Quality): void;
  close(): Promise<void>;
}

/** How it is made. */
export interface LineOptions {
  /** Asked for each connection, so that a restarted server may have another one. */
  readonly port: () => number;
  readonly jitterMs?: number;
  readonly seed?: number;
  /** Changes what is sent on its way; once for each connection and direction. */
  readonly change?: (direction: "to server" | "to client") => (piece: Buffer) => Buffer;
}

const TRICKLE_MS = 50;

/** Opens it; it works well at first. */
export async function openLine({ port, jitterMs = 200, seed = 1, change }: LineOptions): Promise<Line> {
  const open = new Set<Socket>();
  const random = seeded(seed);
  const state = { quality: "well" as Quality, connections: 0, swallowed: 0, jitterMs };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    state.connections++;
    if (state.quality === "cut") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: port(), host: "127.0.0.1", allowHalfOpen: true });
    const end = (): void => {
      for (const socket of [client, upstream]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", end);
    }
    const ended = [
      carry(client, upstream, state, random, change?.("to server")),
      carry(upstream, client, state, random, change?.("to client")),
    ];
    void Promise.all(ended).then(end, end);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return state.connections;
    },
    get swallowed() {
      return state.swallowed;
    },
    become(quality) {
      const forgot = state.quality === "half-open" && quality !== "half-open";
      state.quality = quality;
      if (quality === "cut" || forgot) cut();
    },
    close() {
      cut();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

/** Carries one direction until its end. The next piece is read when the one before has been passed on. */
async function carry(
  from: Socket,
  to: Socket,
  state: { quality: Quality; swallowed: number; jitterMs: number },
  random: Random,
  change: ((piece: Buffer) => Buffer) | undefined,
): Promise<void> {
  for await (const piece of from as AsyncIterable<Buffer>) {
    const changed = change?.(piece) ?? piece;
    if (state.quality === "jittering") await sleep(random.below(state.jitterMs));
    let at = 0;
    for (; state.quality === "trickling" && at < changed.length; at++) {
      to.write(changed.subarray(at, at + 1));
      await sleep(TRICKLE_MS);
    }
    if (state.quality === "half-open") state.swallowed += changed.length - at;
    else if (at < changed.length && !to.write(changed.subarray(at))) await drained(to);
  }
  // A line that has forgotten a connection passes its end on no more.
  while (state.quality === "half-open" && !to.destroyed) await sleep(TRICKLE_MS);
  to.end();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.once("drain", done);
    socket.once("close", done);
  });
}
