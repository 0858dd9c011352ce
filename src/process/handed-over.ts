// Connections on their way from the primary to a worker: if it dies before it has them, they are ended, for nobody else knows of them.
import type { Worker } from "node:cluster";
import { Socket } from "node:net";

/** What @socket.io/sticky says of a request that it hands over piece by piece, because it keeps the socket. */
interface ChunkStart {
  readonly type: "sticky:http-chunk-start";
  readonly socketInfo: SocketName;
}

/** What names a connection. */
interface SocketName {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

/** A connection that node:cluster hands over, and which the worker acknowledges by `seq`. */
interface NewConnection {
  readonly cmd: "NODE_CLUSTER";
  readonly act: "newconn";
  readonly seq: number;
}

/** Ends what stands for a connection. */
type End = () => void;

/**
 * Notes what is handed to each worker, by listening to what goes to its process: neither sticky nor node:cluster ends what a worker
 * had not taken when it died. A message of another form is let pass and not noted.
 */
export class HandedOver {
  readonly #sockets = new Map<string, Socket>();

  /** A connection that the primary has accepted itself: by its name, sticky's messages speak of it. */
  accepted(socket: Socket): void {
    const name = nameOf(socket);
    this.#sockets.set(name, socket);
    socket.once("close", () => this.#sockets.delete(name));
  }

  /** Watches a worker from its start to its end. */
  watch(worker: Worker): void {
    const onTheWay = new OnTheWay();
    const child = worker.process;
    const send = child.send.bind(child) as (...parameters: unknown[]) => boolean;
    child.send = (message: unknown, handle?: unknown, ...rest: unknown[]) => {
      const kept = isChunkStart(message) ? this.#sockets.get(nameOf(message.socketInfo)) : undefined;
      if (kept !== undefined) onTheWay.keeps(kept);
      if (handle instanceof Socket) this.#sockets.delete(nameOf(handle));
      onTheWay.sends(message, handle);
      return send(message, handle, ...rest);
    };
    // A message to a worker that has just died is an error event, where sticky gives no callback: it must not end the primary.
    worker.on("error", () => undefined);
    child.on("internalMessage" as "message", (message: unknown) => onTheWay.hears(message));
    worker.once("exit", () => onTheWay.end());
  }
}

/**
 * What is on its way to one worker. `internalMessage`, by which it learns that something has arrived, is an event that Node does not
 * document; without it everything would count as on its way until the worker ends, and be closed then, as it is by that time anyway.
 */
class OnTheWay {
  /** Sockets that the primary keeps, and connections of node:cluster by their number: each with what ends it. */
  readonly #held = new Map<unknown, End>();
  /** What ends each handle that was sent and not acknowledged, in order: Node sends them one by one, and forgets them when the worker dies. */
  readonly #handles: End[] = [];

  /** The primary keeps this socket, and gives the worker its pieces. */
  keeps(socket: Socket): void {
    this.#held.set(socket, () => socket.destroy());
    socket.once("close", () => this.#held.delete(socket));
  }

  /** A message goes out, perhaps with a handle. */
  sends(message: unknown, handle: unknown): void {
    if (handle instanceof Socket) {
      const native: unknown = Reflect.get(handle, "_handle"); // the socket itself is without it once it was sent
      this.#handles.push(() => {
        handle.destroy();
        if (isClosable(native)) native.close();
      });
    } else if (isClosable(handle)) {
      this.#handles.push(() => undefined);
      if (isNewConnection(message)) this.#held.set(message.seq, () => handle.close());
    }
  }

  /** The worker has told Node something. */
  hears(message: unknown): void {
    if (!isObject(message)) return;
    if (message["cmd"] === "NODE_HANDLE_ACK") this.#handles.shift();
    if (message["cmd"] === "NODE_CLUSTER" && "ack" in message) this.#held.delete(message["ack"]);
  }

  /** The worker has ended. */
  end(): void {
    for (const end of [...this.#held.values(), ...this.#handles]) end();
  }
}

function nameOf({ remoteAddress, remotePort, localPort }: SocketName): string {
  return `${remoteAddress}:${remotePort}:${localPort}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isNewConnection(message: unknown): message is NewConnection {
  return isObject(message) && message["cmd"] === "NODE_CLUSTER" && message["act"] === "newconn";
}

function isChunkStart(message: unknown): message is ChunkStart {
  return isObject(message) && message["type"] === "sticky:http-chunk-start" && isObject(message["socketInfo"]);
}

function isClosable(handle: unknown): handle is { close(): void } {
  return isObject(handle) && typeof handle["close"] === "function";
}
