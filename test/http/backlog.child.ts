// A process that listens as a node or as the primary of several does; it prints the ports, and is then stopped by the test.
import { createServer } from "node:http";
import { listen } from "../../src/http/http-server.ts";
import { openConnectionListeners } from "../../src/process/connection-listener.ts";

const address = { host: "127.0.0.1", ports: [0, 0], backlog: 4096 };
const { urls } =
  process.argv[2] === "primary"
    ? await openConnectionListeners(address, true, ({ socket }) => socket.destroy())
    : await listen(createServer(), address.host, address.ports, address.backlog);
console.log(`ports ${urls.map((url) => new URL(url).port)}`);
