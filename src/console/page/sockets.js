// The namespaces of events through Socket.IO's own client.
import { io } from "./socket.io.esm.min.js";

/** Namespaces as rows of the page. `prepare` runs on every connection. */
export const namespaces = [
  {
    id: "/dashboard",
    family: "dashboard",
    about: "progress and quizzes",
    auth: ({ userId }, resume) => resume(userId, `dashboard/${userId}`),
  },
  {
    id: "/channels",
    family: "channels",
    about: "messages, rooms, runs",
    auth: () => ({}),
    prepare(socket, { userId }, resume, say) {
      const wanted = [`notifications/${encodeURIComponent(userId)}`, `run-results/console-${userId}`, "rooms/lobby"];
      socket.emit("join_room", { room: "lobby" }, (answer) => say("join_room", answer));
      for (const channel of wanted) {
        socket.emit("subscribe", { channel, ...resume(userId, channel) }, (answer) => say("subscribe", answer));
      }
    },
  },
];

/** Remembers how far each user's channels have been shown, so that a reconnect goes on behind that. */
export function createMemory() {
  const shown = new Map();
  let epoch;
  const keyOf = (userId, channel) => `${userId} ${channel}`;
  return {
    /** The log that offsets belong to. */
    learn(now) {
      epoch = now;
    },
    /** What a handshake or subscribe carries to go on. */
    resume(userId, channel) {
      const since = shown.get(keyOf(userId, channel));
      return since === undefined ? {} : { since, epoch };
    },
    /** True if the event has not been shown. */
    take(userId, { channel, offset }) {
      const key = keyOf(userId, channel);
      if (offset <= (shown.get(key) ?? 0)) return false;
      shown.set(key, offset);
      return true;
    },
  };
}

/**
 * Connects to a namespace.
 * @returns {{close(): void}}
 */
export function connectNamespace({ id, family, auth, prepare }, person, { log, state, memory }) {
  const socket = io(id, {
    auth: (give) => give({ token: person.token, ...auth(person, memory.resume) }),
    transports: ["websocket", "polling"],
    forceNew: true,
  });
  const say = (event, payload) => log({ source: id, family, event, payload, kind: kindOf(payload) });
  socket.on("connect", () => {
    state("open");
    prepare?.(socket, person, memory.resume, (event, answer) => say(`${event} ✓`, answer));
  });
  socket.on("connect_error", (error) => {
    state(socket.active ? "busy" : "failed", error.data?.message ?? error.message);
    say("connect_error", error.data ?? { message: error.message });
  });
  socket.on("disconnect", (reason) => state(socket.active ? "busy" : "idle", reason));
  socket.onAny((event, payload, meta) => {
    if (event === "connected") memory.learn(payload.epoch);
    if (meta?.channel !== undefined) {
      if (!memory.take(person.userId, meta)) return;
      if (id === "/channels") socket.emit("ack", { channel: meta.channel, offset: meta.offset }, () => undefined);
    }
    const kind = event === "connected" ? "quiet" : event === "error" ? "problem" : "event";
    log({ source: id, family, event, payload, meta, kind });
  });
  return { close: () => socket.disconnect() };
}

function kindOf(payload) {
  return payload?.ok === true ? "quiet" : "problem";
}
