// A bridge to `ws` (../bridge.ts says what it is told and tells).
// @ts-check
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

/** @param {object} told */
const tell = (told) => console.log(JSON.stringify(told));
/** @type {WebSocket | undefined} */
let ws;

/** @param {string} url */
function open(url) {
  ws = new WebSocket(url);
  ws.on("open", () => tell({ opened: true }));
  ws.on("message", (data) => tell({ message: String(data) }));
  ws.on("unexpected-response", (_request, response) => tell({ refused: response.statusCode }));
  ws.on("error", () => undefined);
  ws.on("close", (code) => tell({ closed: code }));
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    if (command.open) open(command.open);
    else if (command.send !== undefined) ws?.send(command.send);
    else if (command.close) ws?.close(1000);
    else if (command.cut) ws?.terminate();
  })
  .on("close", () => process.exit());
