// The other side of clients.ts: starts the process, gives it orders, waits for its reports.
import { type ChildProcess, fork } from "node:child_process";
import type { Order, Report } from "./clients.ts";

/** Clients in a process of their own. */
export interface Crowd {
  /** Opens clients of a path; `$n` in it is their number. */
  open(port: number, path: string, clients: number, stalled?: boolean): Promise<void>;
  /** Resolves when all clients of the path together have got so many bytes since they were opened. */
  received(path: string, bytes: number): Promise<void>;
  close(): void;
}

/** Starts the process. */
export function startCrowd(): Crowd {
  const child: ChildProcess = fork(new URL("./clients.ts", import.meta.url));
  const order = (what: Order, done: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const onReport = (report: Report) => {
        if (report.done !== done) return;
        child.off("message", onReport);
        child.off("exit", onExit);
        resolve();
      };
      const onExit = () => reject(new Error("the clients' process ended"));
      child.on("message", onReport);
      child.once("exit", onExit);
      child.send(what);
    });
  return {
    open: (port, path, clients, stalled = false) => order({ do: "open", port, path, clients, stalled }, `open ${path}`),
    received: (path, bytes) => order({ do: "await", path, bytes }, `await ${path} ${bytes}`),
    close: () => void child.kill(),
  };
}
