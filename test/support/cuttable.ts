// A TCP proxy in front of a server whose connections can be cut, as a network would cut them.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A line to a server that may break. */
export interface Cuttable {
  /** `http://127.0.0.1:<port>` of the proxy. */
  readonly url: string;
  /** How many connections have been made through it. */
  readonly connections: number;
  /** Breaks every connection. While `down`, new ones are refused too. */
  cut(down?: boolean): void;
  /** From now on, nothing of what the server sends over the connections that are open comes through. */
  mute(): void;
  /** From now on, nothing of what clients send over the connections that are open arrives. */
  swallow(): void;
  /** Lets connections through again. */
  mend(): void;
  close(): Promise<void>;
}

/** Makes the proxy; `port()` is asked for each connection, so that a restarted server may have another one. */
export async function startCuttable(port: () => number): Promise<Cuttable> {
  const open = new Set<Socket>();
  const mutes = new Map<Socket, () => void>();
  const swallows = new Map<Socket, () => void>();
  let down = false;
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    if (down) {
      client.destroy();
      return;
    }
    const upstream = connect(port(), "127.0.0.1");
    const pair = [client, upstream];
    const end = (): void => {
      for (const socket of pair) {
        open.delete(socket);
        mutes.delete(socket);
        swallows.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of pair) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
    client.pipe(upstream).pipe(client);
    mutes.set(upstream, () => upstream.unpipe(client).resume());
    swallows.set(client, () => client.unpipe(upstream).resume());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const cutAll = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    cut(stay = false) {
      down = stay;
      cutAll();
    },
    mute() {
      for (const mute of mutes.values()) mute();
    },
    swallow() {
      for (const swallow of swallows.values()) swallow();
    },
    mend() {
      down = false;
    },
    close() {
      cutAll();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
