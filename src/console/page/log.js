// The live log: newest first, with the offset of what is durable.
import { el } from "./dom.js";

/** Beyond this number, the oldest entries are dropped. */
const MOST = 500;

/** Shows the log and gives back how to add to it. */
export function createLog(place) {
  const list = el("ol", { class: "log", role: "log", "aria-labelledby": "events-title", tabIndex: 0 });
  const count = el("span", { class: "count", "aria-label": "number of events" }, "0");
  const filter = el("select", { onchange: show });
  const sources = new Set();
  let events = 0;

  filter.append(el("option", { value: "" }, "everything"));
  place.append(
    el(
      "div",
      { class: "log-head" },
      el("h2", { id: "events-title" }, "Events", count),
      el("label", {}, "Show", filter),
      el("button", { type: "button", onclick: clear }, "Clear"),
    ),
    list,
  );

  function clear() {
    list.replaceChildren();
    events = 0;
    count.textContent = "0";
  }

  function show() {
    for (const entry of list.children) entry.hidden = filter.value !== "" && entry.dataset.source !== filter.value;
  }

  /**
   * Adds an entry.
   * @param {{source: string, family: string, event: string, payload?: unknown, meta?: {channel: string, offset: number},
   *   kind?: "event" | "quiet" | "problem"}} entry `quiet` entries are about the connection itself
   */
  return function add({ source, family, event, payload, meta, kind = "event" }) {
    if (!sources.has(source)) {
      sources.add(source);
      filter.append(el("option", { value: source }, source));
    }
    const entry = el(
      "li",
      { "data-source": source, "data-event": event, hidden: filter.value !== "" && filter.value !== source },
      el(
        "details",
        { class: `entry new ${kind}` },
        el(
          "summary",
          {},
          el("span", { class: "time" }, timeNow()),
          el("span", { class: `source ${family}` }, source),
          el("span", { class: "event" }, event),
          meta === undefined
            ? undefined
            : el("span", { class: "offset" }, `${meta.channel} `, el("b", {}, `#${meta.offset}`)),
          payload === undefined ? undefined : el("span", { class: "preview" }, JSON.stringify(payload)),
        ),
        payload === undefined ? undefined : el("pre", {}, JSON.stringify(payload, null, 2)),
      ),
    );
    list.prepend(entry);
    while (list.children.length > MOST) list.lastElementChild.remove();
    if (kind !== "quiet") count.textContent = String(++events);
  };
}

function timeNow() {
  const now = new Date();
  return `${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, "0")}`;
}
