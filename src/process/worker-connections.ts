// A worker's connections: it takes those that the primary hands over, and says so before it reads from them.
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { isIpcMessage, tellPrimary } from "./ipc.ts";

/**
 * Takes the connections that the primary has accepted.
 * @param closeEach whether each is closed after its first answer: a proxy's next request on it may be for another worker
 */
export function takeConnections(server: Server, closeEach: boolean): void {
  if (closeEach)
    server.prependListener("request", (_request, response) => {
      response.setHeader("Connection", "close");
    });
  process.on("message", (message, handle) => {
    if (!isIpcMessage(message)) return;
    if (message.classwire === "ping") tellPrimary({ classwire: "pong", upTo: message.upTo });
    if (message.classwire === "connection") take(server, message.id, handle as Socket | undefined, message.head);
  });
}

/** Without a socket it was closed before it came here. */
function take(server: Server, id: number, socket: Socket | undefined, head: Uint8Array): void {
  const fail = () => void socket?.destroy();
  socket?.on("error", fail);
  if (head.length > 0) socket?.unshift(head);
  // Not before the primary is sure to hear of it: what it believes not taken goes to another worker when this one dies.
  tellPrimary({ classwire: "taken", id }, (error) => {
    if (socket === undefined || socket.destroyed) return;
    if (error !== null) return fail();
    socket.off("error", fail);
    // As an HTTP server's own sockets are.
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    server.emit("connection", socket);
  });
}
