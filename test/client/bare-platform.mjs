// classwire/client, as built, in a realm with nothing but ECMAScript of 2020, timers and WebSocket. Arguments: server, tokens.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import vm from "node:vm";
import { WebSocket } from "ws";

const root = resolve(import.meta.dirname, "../..");
const [url, ...tokens] = process.argv.slice(2);

// What React Native has, roughly; not even the warnings of a console.
const context = vm.createContext({ setTimeout, clearTimeout, setInterval, clearInterval, WebSocket });
vm.runInContext(
  `for (const name of ["WebAssembly", "SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry", "Intl", "Iterator"])
    delete globalThis[name];
  for (const name of ["withResolvers", "allSettled", "any", "try"]) delete Promise[name];
  for (const name of ["replaceAll", "at", "isWellFormed", "toWellFormed", "matchAll"]) delete String.prototype[name];
  for (const name of ["at", "toSorted", "toSpliced", "toReversed", "with", "findLast", "findLastIndex"])
    delete Array.prototype[name];
  delete Object.hasOwn;
  delete Object.groupBy;`,
  context,
);
for (const name of [
  "TextDecoder",
  "TextEncoder",
  "atob",
  "btoa",
  "Buffer",
  "process",
  "URL",
  "performance",
  "crypto",
  "document",
])
  if (vm.runInContext(`typeof ${name}`, context) !== "undefined") throw new Error(`${name} is there`);

vm.runInContext(readFileSync(join(root, "node_modules/socket.io-client/dist/socket.io.js"), "utf8"), context);
const modules = new Map();

function load(path) {
  const known = modules.get(path);
  if (known !== undefined) return known;
  const made = new vm.SourceTextModule(readFileSync(path, "utf8"), { context, identifier: path });
  modules.set(path, made);
  return made;
}

const socketIo = new vm.SyntheticModule(
  ["Manager"],
  function () {
    this.setExport("Manager", context.io.Manager);
  },
  { context },
);
const entry = load(join(root, "dist/client/index.js"));
await entry.link((specifier, { identifier }) =>
  specifier === "socket.io-client" ? socketIo : load(resolve(identifier, "..", specifier)),
);
await entry.evaluate();

const say = (line) => process.stdout.write(`${line}\n`);
const token = () => {
  say(`asked for a token, ${tokens.length} left`);
  return tokens.shift();
};
const client = entry.namespace.createClient({ url, token, transports: ["websocket"] });
for (const name of ["dashboard", "channels"]) {
  client[name]().on("closed", ({ error }) => say(`closed ${error?.code}`));
  client[name]().on("disconnected", ({ reason }) => say(`disconnected ${reason}`));
}
client.channels().on("notifications", ({ data }) => say(`heard ${data.title}`));
client.studyTime("go").on("connected", ({ userId }) => say(`studies as ${userId}`));
await client.channels().subscribeNotifications();
await client.channels().joinRoom("class-7");
say(`sent ${(await client.channels().sendToRoom("class-7", { text: "hello" })).offset}`);
say(`snapshot ${typeof (await client.dashboard().snapshot()).offset}`);
process.once("SIGTERM", async () => {
  await client.close();
  process.exit(0);
});
