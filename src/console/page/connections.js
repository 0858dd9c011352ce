// The rows of connections: what there is, how it stands, and one button each.
import { el } from "./dom.js";
import { connectDialect, dialects } from "./raw.js";
import { connectNamespace, createMemory, namespaces } from "./sockets.js";

/** Shows the rows. A change of person ends what is open. */
export function createConnections(place, people, log) {
  const shared = { log, memory: createMemory() };
  const rows = [
    ...namespaces.map((row) => createRow(row, connectNamespace, people, shared)),
    ...dialects.map((row) => createRow(row, connectDialect, people, shared)),
  ];
  const group = (title, part) =>
    el("div", { class: "group" }, el("h3", {}, title), el("ul", {}, ...part.map(({ element }) => element)));
  place.append(
    group("Socket.IO", rows.slice(0, namespaces.length)),
    group("Plain WebSocket", rows.slice(namespaces.length)),
  );
  people.onChange(() => {
    for (const row of rows) row.end();
  });
}

function createRow(row, connect, people, shared) {
  const dot = el("span", { class: "dot", "aria-hidden": "true" });
  const why = el("span", { class: "why" }, row.about);
  const status = el("span", { class: "unseen", role: "status" });
  const button = el("button", { type: "button", "aria-label": `Connect ${row.id}`, onclick: toggle }, "Connect");
  let connection;

  /** @param {"idle" | "busy" | "open" | "failed"} now */
  function state(now, reason) {
    const words = { idle: "", busy: "connecting…", open: "connected", failed: "refused or closed" };
    dot.className = `dot ${now}`;
    status.textContent = words[now];
    why.textContent = reason ?? row.about;
    if (now === "idle" || now === "failed") connection = undefined;
    const label = connection === undefined ? "Connect" : "Disconnect";
    button.textContent = label;
    button.setAttribute("aria-label", `${label} ${row.id}`);
  }

  function toggle() {
    if (connection !== undefined) return end();
    let mine;
    const current = (now, reason) => (mine === undefined || mine === connection) && state(now, reason);
    connection = mine = connect(row, people.current, { ...shared, state: current });
    state("busy");
  }

  function end() {
    const ended = connection;
    connection = undefined;
    ended?.close();
    state("idle");
  }

  const text = el("div", {}, el("span", { class: "name" }, row.id), status, why);
  return { element: el("li", { class: "connection" }, dot, text, button), end };
}
