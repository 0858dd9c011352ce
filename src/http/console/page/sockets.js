// The three namespaces through Socket.IO's own client.
import { io } from "./socket.io.esm.min.js";

/** How far each channel has been shown: a reconnect goes on behind it. By user and channel. */
const shown = new Map();

/** Namespaces as rows of the page. `prepare` runs on every connection. */
export const namespaces = [
  {
    id: "/dashboard",
    family: "dashboard",
    about: "progress and quizzes; the newest connection wins",
    auth: ({ userId }) => resume(`${userId} dashboard/${userId}`),
  },
  {
    id: "/channels",
    family: "channels",
    about: "notifications, run results, rooms and messages",
    auth: () => ({}),
    prepare(socket, { userId }, say) {
      const wishes = [`notifications/${encodeURIComponent(userId)}`, `run-results/console-${userId}`, "rooms/lobby"];
      socket.emit("join_room", { room: "lobby" }, (answer) => say("join_room", answer));
      for (const channel of wishes) {
        socket.emit("subscribe", { channel, ...resume(`${userId} ${channel}`) }, (answer) => say("subscribe", answer));
      }
    },
  },
];

/**
 * Connects to a namespace.
 * @returns {{close(): void}}
 */
export function connectNamespace({ id, family, auth, prepare }, person, { log, state }) {
  const socket = io(id, {
    auth: (give) => give({ token: person.token, ...auth(person) }),
    transports: ["websocket", "polling"],
    forceNew: true,
  });
  const say = (event, payload) => log({ source: id, family, event, payload, kind: kindOf(payload) });
  socket.on("connect", () => {
    state("open");
    prepare?.(socket, person, (event, answer) => say(`${event} ✓`, answer));
  });
  socket.on("connect_error", (error) => {
    state(socket.active ? "busy" : "failed", error.data?.message ?? error.message);
    say("connect_error", error.data ?? { message: error.message });
  });
  socket.on("disconnect", (reason) => state(socket.active ? "busy" : "idle", reason));
  socket.onAny((event, payload, meta) => {
    if (meta?.channel !== undefined && !take(socket, person, meta, payload)) return;
    if (event === "connected" && payload?.epoch !== undefined) epoch = payload.epoch;
    const kind = event === "connected" ? "quiet" : event === "error" ? "problem" : "event";
    log({ source: id, family, event, payload, meta, kind });
  });
  return { close: () => socket.disconnect() };
}

/** The log that offsets belong to. */
let epoch;

function resume(key) {
  const since = shown.get(key);
  return since === undefined ? {} : { since, epoch };
}

/** True if the event is new; then it is acknowledged. */
function take(socket, { userId }, { channel, offset }) {
  const key = `${userId} ${channel}`;
  if (offset <= (shown.get(key) ?? 0)) return false;
  shown.set(key, offset);
  if (socket.nsp === "/channels") socket.emit("ack", { channel, offset }, () => undefined);
  return true;
}

function kindOf(payload) {
  return payload?.ok === true ? "quiet" : "problem";
}
