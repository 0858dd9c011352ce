// The distribution of connections over workers: each goes to the worker of its session, else to the next that has time; and
// until a worker has said that it took one, the primary keeps it, so that it goes to another when the worker dies.
import type { Worker } from "node:cluster";
import type { Socket } from "node:net";
import type { FromWorker, ToWorker } from "./ipc.ts";

/** What a client is answered while there is no worker. */
const UNAVAILABLE =
  "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
/** How long a client may take to read that, in milliseconds. */
const UNAVAILABLE_TIMEOUT_MS = 1000;

/** An accepted connection. Nobody reads from its socket any more. */
export interface Connection {
  readonly socket: Socket;
  /** What has been read from it. */
  readonly head: Uint8Array;
  /** The session that its first request names. */
  readonly session?: string | undefined;
}

/** Distributes connections. */
export interface Distributor {
  /** Hands a connection to a worker, at once or when one has time; answers 503 where there is none. */
  distribute(connection: Connection): void;
  /** From now on the worker gets connections. */
  add(worker: Worker): void;
  /** The worker gets connections of its sessions only. */
  retire(worker: Worker): void;
  /** The process has ended, and everything that it sent has been heard: what it had not taken goes to others. */
  remove(worker: Worker): void;
  /** Takes in what a worker says. */
  hear(worker: Worker, message: FromWorker): void;
  /** Asks a worker for a sign of life. */
  ping(worker: Worker): void;
}

/** Creates a distributor without workers. */
export function createDistributor(): Distributor {
  return new WindowedDistributor();
}

/** A connection that nobody was given yet. `arrived` counts them: the older goes first, or those of sessions would starve the others. */
interface Waiting {
  readonly arrived: number;
  readonly connection: Connection;
}

/** A worker. */
interface Member {
  retired: boolean;
  /** The connection that it was given and has not taken yet. One at a time: so one that is frozen keeps nobody else waiting. */
  handed?: { readonly id: number; readonly waiting: Waiting } | undefined;
  /** Connections of its sessions. */
  readonly waiting: Waiting[];
}

class WindowedDistributor implements Distributor {
  /** The next one in turn comes first. */
  readonly #members = new Map<Worker, Member>();
  readonly #sessions = new Map<string, Worker>();
  /** Connections that any worker may take, as soon as one has time. */
  #waiting: Waiting[] = [];
  #arrived = 0;
  #lastId = 0;

  distribute(connection: Connection): void {
    const owner = connection.session === undefined ? undefined : this.#sessions.get(connection.session);
    const member = owner === undefined ? undefined : this.#members.get(owner);
    (member?.waiting ?? this.#waiting).push({ arrived: ++this.#arrived, connection });
    this.#handOver();
  }

  add(worker: Worker): void {
    this.#members.set(worker, { retired: false, waiting: [] });
    this.#handOver();
  }

  retire(worker: Worker): void {
    const member = this.#members.get(worker);
    if (member !== undefined) member.retired = true;
    this.#handOver();
  }

  remove(worker: Worker): void {
    const member = this.#members.get(worker);
    this.#members.delete(worker);
    for (const [session, owner] of this.#sessions) if (owner === worker) this.#sessions.delete(session);
    if (member === undefined) return;
    const handed = member.handed === undefined ? [] : [member.handed.waiting];
    this.#waiting = [...handed, ...member.waiting, ...this.#waiting].sort((a, b) => a.arrived - b.arrived);
    this.#handOver();
  }

  hear(worker: Worker, message: FromWorker): void {
    const { handed } = this.#members.get(worker) ?? {};
    switch (message.classwire) {
      case "leaving":
        this.retire(worker);
        return;
      case "taken":
        if (handed?.id === message.id) this.#release(worker);
        return;
      case "pong": // which came after the connection, and it has not taken it: the system has lost it on the way
        if (handed !== undefined && handed.id <= message.upTo) this.#release(worker);
        return;
      case "session-created":
        this.#sessions.set(message.session, worker);
        send(worker, { classwire: "session-known", session: message.session });
        return;
      case "session-ended":
        this.#sessions.delete(message.session);
    }
  }

  ping(worker: Worker): void {
    send(worker, { classwire: "ping", upTo: this.#lastId });
  }

  /** Closes the primary's own copy of the socket: the connection lives on in the worker. */
  #release(worker: Worker): void {
    const member = this.#members.get(worker);
    member?.handed?.waiting.connection.socket.destroy();
    if (member !== undefined) member.handed = undefined;
    this.#handOver();
  }

  #handOver(): void {
    for (const [worker, member] of [...this.#members]) {
      if (member.handed !== undefined) continue;
      const queue = this.#queueFor(member);
      const waiting = queue.shift();
      if (waiting === undefined) continue;
      this.#handTo(worker, member, waiting);
      if (queue === member.waiting) continue;
      this.#members.delete(worker); // and to the end
      this.#members.set(worker, member);
    }
    if ([...this.#members.values()].some(({ retired }) => !retired)) return;
    for (const { connection } of this.#waiting.splice(0)) answerUnavailable(connection.socket);
  }

  /** Where the oldest connection that a worker may take is. */
  #queueFor(member: Member): Waiting[] {
    const [own] = member.waiting;
    const [any] = this.#waiting;
    if (member.retired || any === undefined) return member.waiting;
    return own !== undefined && own.arrived < any.arrived ? member.waiting : this.#waiting;
  }

  /** The socket stays open here as well: see {@link Member.handed}. */
  #handTo(worker: Worker, member: Member, waiting: Waiting): void {
    const id = ++this.#lastId;
    member.handed = { id, waiting };
    const { head, socket } = waiting.connection;
    send(worker, { classwire: "connection", id, head }, socket);
  }
}

/** Sends a message to a worker, unless its process is gone. */
export function send(worker: Worker, message: ToWorker, socket?: Socket): void {
  if (worker.isConnected()) worker.send(message, socket, { keepOpen: true }, () => undefined);
}

function answerUnavailable(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), UNAVAILABLE_TIMEOUT_MS);
  socket.once("close", () => clearTimeout(timer)).on("error", () => socket.destroy());
  socket.resume().end(UNAVAILABLE); // read what it still sends: a reset would take the answer with it
}
