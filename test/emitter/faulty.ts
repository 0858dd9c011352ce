// An HTTP proxy in front of a real server that fails as networks and busy nodes do, as often as it is told to.
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the next request goes wrong: not let through, answered 503, or carried out without an answer. */
export type Fault = "refuse" | { busy: number } | "lose the answer";

/** A proxy that fails on order. */
export interface Faulty {
  readonly url: string;
  /** `Idempotency-Key`s of the requests so far. */
  readonly keys: string[];
  /** These faults happen to the next requests, one each. */
  next(...faults: Fault[]): void;
  close(): Promise<void>;
}

/** Makes a proxy to the server at `url`. */
export async function startFaulty(url: string): Promise<Faulty> {
  const faults: Fault[] = [];
  const keys: string[] = [];

  function handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    keys.push(String(incoming.headers["idempotency-key"]));
    const fault = faults.shift();
    if (fault === "refuse") {
      incoming.socket.destroy();
    } else if (typeof fault === "object") {
      incoming.resume();
      outgoing.writeHead(503, { "Retry-After": String(fault.busy) }).end("<h1>busy</h1>");
    } else {
      const { method, headers } = incoming;
      const forwarded = request(new URL(incoming.url ?? "/", url), { method, headers }, (answer) => {
        if (fault === "lose the answer") incoming.socket.destroy();
        else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers));
      });
      incoming.pipe(forwarded);
    }
  }

  const server = createServer(handle);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    next: (...more) => void faults.push(...more),
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
