// The study-time timer: a clock between heartbeats, and what the server has saved.
import { el } from "./dom.js";
import { io } from "./socket.io.esm.min.js";

const HEARTBEAT_MS = 30_000;

/** Shows the timer. */
export function createStudy(place, people, log) {
  const source = { source: "/study-time", family: "study-time" };
  const clock = el("output", { "aria-label": "Studied" }, "0:00:00");
  const saved = el("span", { class: "soft", role: "status" }, "not studying");
  const course = el("input", { type: "text", value: "course-1", required: true });
  const start = el("button", { class: "primary", type: "button", onclick: toggle }, "Start studying");
  const beat = el("button", { type: "button", disabled: true, onclick: heartbeat }, "Heartbeat now");
  let socket;
  let timers = [];
  let known = { seconds: 0, at: 0 };

  place.append(
    el("div", { class: "clock" }, clock, saved),
    el("div", { class: "fields" }, el("label", { class: "field wide" }, "Course", course)),
    el("div", { class: "actions" }, start, beat),
  );
  people.onChange(stop);

  function show() {
    const running = socket?.connected ? (performance.now() - known.at) / 1000 : 0;
    clock.textContent = hours(Math.floor(known.seconds + running));
  }

  function learn(seconds) {
    known = { seconds, at: performance.now() };
    saved.textContent = `${seconds} s are saved`;
    show();
  }

  function heartbeat() {
    socket?.emit("heartbeat", { timestamp: new Date().toISOString() }, (answer) => {
      log({ ...source, event: "heartbeat ✓", payload: answer, kind: answer.ok ? "quiet" : "problem" });
      if (answer.ok) learn(answer.studyTime);
    });
  }

  function toggle() {
    if (socket !== undefined) return stop();
    socket = io("/study-time", {
      auth: { token: people.current.token, courseId: course.value },
      transports: ["websocket", "polling"],
      forceNew: true,
    });
    socket.on("connected", ({ studyTime }) => learn(studyTime));
    socket.onAny((event, payload) => log({ ...source, event, payload, kind: event === "error" ? "problem" : "quiet" }));
    socket.on("connect_error", (error) => {
      saved.textContent = error.data?.message ?? error.message;
    });
    socket.on("close", ({ reason }) => {
      stop();
      saved.textContent = `ended: ${reason}`;
    });
    timers = [setInterval(show, 250), setInterval(heartbeat, HEARTBEAT_MS)];
    start.textContent = "Stop";
    beat.disabled = course.disabled = false;
    course.disabled = true;
  }

  function stop() {
    if (socket === undefined) return;
    for (const timer of timers) clearInterval(timer);
    socket.disconnect(); // a clean end counts up to this moment
    socket = undefined;
    start.textContent = "Start studying";
    beat.disabled = true;
    course.disabled = false;
    saved.textContent = "stopped; the time up to now is saved";
  }
}

function hours(seconds) {
  const pad = (value) => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}
