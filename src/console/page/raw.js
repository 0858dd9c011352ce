// The five raw dialects through a plain WebSocket, as clients without any library speak them.

/** A frame that is sent once the connection is open. */
const heartbeat = () => ({ type: "heartbeat", timestamp: new Date().toISOString() });

/** Dialects as rows of the page. `every` sends a frame each 30 s. */
export const dialects = [
  {
    id: "raw dashboard",
    family: "dashboard",
    about: "/api/v1/ws/dashboard",
    path: ({ token }) => `/api/v1/ws/dashboard?token=${token}`,
    first: () => [{ type: "ping" }],
    every: () => ({ type: "ping" }),
  },
  {
    id: "raw channels",
    family: "channels",
    about: "/?token=…",
    path: ({ token }) => `/?token=${token}`,
    first: ({ userId }) => [
      { type: "subscribe", channel: `notifications/${userId}` },
      { type: "subscribe", channel: `run-results/console-${userId}` },
    ],
    every: () => ({ type: "heartbeat" }),
  },
  {
    id: "raw study-time",
    family: "study-time",
    about: "/api/study-time",
    path: ({ token, userId }) => `/api/study-time?userId=${encodeURIComponent(userId)}&courseId=raw&token=${token}`,
    first: () => [heartbeat()],
    every: heartbeat,
  },
  {
    id: "raw gateway",
    family: "gateway",
    about: "/ws",
    path: ({ token }) => `/ws?token=${token}`,
    first: () => [{ type: "join_room", content: "lobby", timestamp: Math.floor(Date.now() / 1000) }],
    every: () => ({ type: "ping", content: null, timestamp: Math.floor(Date.now() / 1000) }),
  },
  {
    id: "raw messenger",
    family: "messenger",
    about: "/api/ws/connect",
    path: ({ token, userId }) => `/api/ws/connect?user_id=${encodeURIComponent(userId)}&token=${token}`,
    first: () => [],
    every: () => ({ type: "ping", content: "" }),
  },
];

const EVERY_MS = 30_000;
/** Frames about the connection itself. */
const QUIET = new Set(["connection", "connected", "subscribed", "pong", "heartbeat", "heartbeat_response", "ping"]);

/**
 * Connects in a dialect.
 * @returns {{close(): void}}
 */
export function connectDialect({ id, family, path, first, every }, person, { log, state }) {
  const url = new URL(path(person), location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  const send = (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));
  let timer;
  socket.onopen = () => {
    state("open");
    for (const frame of first(person)) send(frame);
    timer = setInterval(() => send(every()), EVERY_MS);
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    const event = frame.event ?? frame.type;
    const isProblem = event === "error" || frame.status === "error";
    log({
      source: id,
      family,
      event,
      payload: frame,
      kind: isProblem ? "problem" : QUIET.has(event) ? "quiet" : "event",
    });
  };
  socket.onclose = ({ code, reason, wasClean }) => {
    clearInterval(timer);
    state(wasClean && code === 1000 ? "idle" : "failed", `closed ${code}${reason === "" ? "" : ` ${reason}`}`);
  };
  return { close: () => socket.close(1000) };
}
