// A bridge to a socket.io-client of any version, whose folder is the first argument (../bridge.ts says what it is told and tells).
// @ts-check
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder = "", transport = "websocket"] = process.argv.slice(2);
const { io } = createRequire(join(folder, "package.json"))("socket.io-client");
/** @param {object} told */
const tell = (told) => console.log(JSON.stringify(told));
/** @type {any} */
let socket;

/** @param {{ open: string, namespace: string, auth: object }} command */
function open({ open: url, namespace, auth }) {
  const opened = io(url + namespace, { auth, transports: [transport], reconnection: false, forceNew: true });
  opened.on("connect", () => tell({ opened: true }));
  opened.on("connect_error", (/** @type {any} */ error) => tell({ refused: error.data ?? error.message }));
  opened.on("disconnect", (/** @type {string} */ reason) => tell({ closed: reason }));
  opened.onAny((/** @type {string} */ event, /** @type {unknown[]} */ ...args) => tell({ event, args }));
  socket = opened;
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    if (command.open) open(command);
    else if (command.emit)
      socket.emit(command.emit, command.payload, (/** @type {unknown[]} */ ...args) => tell({ ack: command.id, args }));
    else if (command.close) socket.disconnect();
    else if (command.cut) socket.io.engine.close();
  })
  .on("close", () => process.exit());
