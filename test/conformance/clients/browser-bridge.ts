// A bridge to what a browser has: its WebSocket, and socket.io-client in a page (bridge.ts says what it is told and tells).
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { type Bridge, type Command, Ear, type Told } from "./bridge.ts";

/** socket.io-client as pages load it. */
const BUNDLE = fileURLToPath(new URL("../../../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url));

/** What a page carries out. Runs in the browser, which is given its text. */
const PROGRAM = `
  let ws, socket;
  const tell = (told) => window.hear(told);
  const openSocket = ({ open, namespace, auth }) => {
    socket = io(open + namespace, { auth, reconnection: false, forceNew: true });
    socket.on("connect", () => tell({ opened: true }));
    socket.on("connect_error", (error) => tell({ refused: error.data ?? error.message }));
    socket.on("disconnect", (reason) => tell({ closed: reason }));
    socket.onAny((event, ...args) => tell({ event, args }));
  };
  const openWebSocket = (url) => {
    let isOpen = false;
    ws = new WebSocket(url);
    ws.onopen = () => { isOpen = true; tell({ opened: true }); };
    ws.onmessage = ({ data }) => tell({ message: data });
    ws.onclose = ({ code }) => tell(isOpen ? { closed: code } : { refused: null });
  };
  window.carryOut = (command) => {
    if (command.namespace) openSocket(command);
    else if (command.open) openWebSocket(command.open);
    else if (command.send !== undefined) ws.send(command.send);
    else if (command.emit) socket.emit(command.emit, command.payload, (...args) => tell({ ack: command.id, args }));
    else if (command.close && socket) socket.disconnect();
    else if (command.close) ws.close(1000);
  };
`;

/** Opens a page of the server's own origin that carries out commands. */
export async function startBrowserBridge(browser: Browser, url: string): Promise<Bridge> {
  const page = await browser.newPage({ bypassCSP: true });
  const ear = new Ear();
  let problem: string | undefined;
  await page.exposeFunction("hear", (told: Told) => ear.hear(told));
  await page.goto(`${url}/healthz`);
  await page.addScriptTag({ path: BUNDLE });
  await page.addScriptTag({ content: PROGRAM });
  page.on("pageerror", (error) => (problem = String(error)));
  return {
    tell(command: Command) {
      if ("open" in command) ear.clear();
      page.evaluate(`carryOut(${JSON.stringify(command)})`).catch((error: unknown) => (problem = String(error)));
    },
    hears: (what, match) => ear.hears(what, match, () => problem),
    cuts: false,
    end: () => page.close(),
  };
}
