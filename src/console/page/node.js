// The state of the node, from /readyz.
import { callApi } from "./api.js";
import { el } from "./dom.js";

const EVERY_MS = 3000;

/** Shows whether the node is ready, and asks again while the page is visible. */
export function watchNode(place) {
  let last = "";

  async function ask() {
    if (document.hidden) return;
    const { status, body } = await callApi({ method: "GET", path: "/readyz" });
    const text = describe(status, body);
    if (text === last) return; // a status that does not change is not read out again
    last = text;
    place.replaceChildren(
      el("span", { class: `dot ${status === 200 ? "open" : "failed"}`, "aria-hidden": "true" }),
      text,
    );
  }

  void ask();
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}

function describe(status, body) {
  if (status === 0) return "the node does not answer";
  if (body === null) return `the node answers ${status}`;
  const { database, redis, draining } = body;
  const parts = [
    status === 200 ? "ready" : draining ? "draining" : "not ready",
    `database ${database}`,
    redis === undefined ? "single node" : `Redis ${redis}`,
  ];
  return parts.join(" · ");
}
