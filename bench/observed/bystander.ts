// A bystander: one client in a process of its own that asks for a sign of life all the time, and knows how long it waited for each.
// Run as a child process with IPC. Usage: bystander.ts <url>; says `ready`, then for every `report` what it has waited since the last.
import { WebSocket } from "ws";
import { signToken } from "../../test/support/tokens.ts";
import { quantile } from "../services.ts";

/** How long heartbeats took, in milliseconds. */
export interface Waited {
  readonly heartbeats: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const EVERY_MS = 20;
const [url = ""] = process.argv.slice(2);
const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
const asked = new Map<number, number>();
let [waited, number]: [number[], number] = [[], 0];

ws.on("message", (data: Buffer) => {
  const text = data.toString();
  if (text.startsWith("0{")) ws.send(`40/channels,${JSON.stringify({ token: signToken(`bystander-${process.pid}`) })}`);
  else if (text === "2") ws.send("3");
  else if (text.startsWith("40/channels")) {
    process.send?.("ready");
    setInterval(ask, EVERY_MS);
  } else if (text.startsWith("43/channels,")) {
    const id = Number(/^43\/channels,(\d+)/.exec(text)?.[1]);
    waited.push(performance.now() - (asked.get(id) ?? Number.NaN));
    asked.delete(id);
  }
});

function ask(): void {
  asked.set(++number, performance.now());
  ws.send(`42/channels,${number}["heartbeat"]`);
}

process.on("message", () => {
  // What is not answered yet counts with what it has waited so far.
  const all = [...waited, ...[...asked.values()].map((at) => performance.now() - at)].sort((a, b) => a - b);
  waited = [];
  const report: Waited = {
    heartbeats: all.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    max: all.at(-1) ?? Number.NaN,
  };
  process.send?.(report);
});
