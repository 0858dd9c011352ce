// The forms that publish, as tabs (WAI-ARIA tabs pattern: arrows move, the chosen one is in the tab order).
import { asCurl, callApi } from "./api.js";
import { el } from "./dom.js";
import { forms } from "./forms.js";

/** Shows the forms. */
export function createPublish(place, people, log) {
  const panels = forms.map((form) => createPanel(form, people, log));
  const tabs = forms.map(({ id, title }, at) =>
    el(
      "button",
      {
        type: "button",
        id: `tab-${id}`,
        role: "tab",
        "aria-controls": `panel-${id}`,
        onclick: () => choose(at),
        onkeydown: (event) => move(event, at),
      },
      title,
    ),
  );

  function choose(at) {
    for (const [index, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(index === at));
      tab.tabIndex = index === at ? 0 : -1;
      panels[index].hidden = index !== at;
    }
  }

  function move(event, at) {
    const last = tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
    tabs[to].focus();
  }

  place.append(el("div", { class: "tabs", role: "tablist", "aria-label": "What to publish" }, ...tabs), ...panels);
  choose(0);
}

function createPanel({ id, title, fields, calls }, people, log) {
  const controls = fields.map((field) => [field, createControl(field, people)]);
  const answer = el("p", { class: "answer soft", role: "status" });
  const values = () =>
    Object.fromEntries(
      controls.map(([{ name, kind }, control]) => [name, kind === "check" ? control.checked : control.value]),
    );

  async function submit(event) {
    event.preventDefault();
    answer.textContent = "…";
    for (const call of calls(values())) {
      const { status, body } = await callApi({ ...call, token: people.publisher });
      const good = status >= 200 && status < 300;
      log({
        source: "HTTP API",
        family: "api",
        event: `POST ${call.path} → ${status}`,
        payload: body,
        kind: good ? "quiet" : "problem",
      });
      answer.className = `answer ${good ? "good" : "bad"}`;
      answer.textContent = good
        ? `${status}${summary(body)}`
        : `${status} ${body?.error?.code ?? ""}: ${body?.error?.message ?? ""}`;
      if (!good) return;
    }
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(calls(values()).map(asCurl).join("\n\n"));
      answer.textContent = "copied; set TOKEN to a service token";
    } catch {
      answer.textContent = "the browser does not let this page copy";
    }
  }

  return el(
    "form",
    { id: `panel-${id}`, role: "tabpanel", "aria-labelledby": `tab-${id}`, onsubmit: submit },
    el("div", { class: "fields" }, ...controls.map(([field, control]) => labelled(field, control))),
    el(
      "div",
      { class: "actions" },
      el("button", { class: "primary", type: "submit" }, `Publish ${title.toLowerCase()}`),
      el("button", { type: "button", onclick: copy }, "Copy as curl"),
      answer,
    ),
  );
}

function labelled({ label, kind, wide }, control) {
  if (kind === "check") return el("label", { class: "field check" }, control, label);
  return el("label", { class: wide ? "field wide" : "field" }, label, control);
}

function createControl({ kind, value = "", options = [], everyone = false }, people) {
  const choice = (pairs) => el("select", {}, ...pairs.map(([option, label]) => el("option", { value: option }, label)));
  switch (kind) {
    case "learner":
      return choice([
        ...people.learners.map((user) => [user, `user ${user}`]),
        ...(everyone ? [["*", "everyone"]] : []),
      ]);
    case "select":
      return choice(options);
    case "check":
      return el("input", { type: "checkbox", checked: value });
    case "area":
      return el("textarea", { rows: 3, value });
    case "number":
      return el("input", { type: "number", value: String(value), required: true });
    default:
      return el("input", { type: "text", value, required: true });
  }
}

/** What an answer says that a newcomer wants to see. */
function summary(body) {
  const parts = [];
  if (body?.offset !== undefined) parts.push(`offset ${body.offset}`);
  if (body?.online !== undefined) parts.push(body.online ? "online" : "away, will get it later");
  if (body?.passed !== undefined) parts.push(body.passed ? "passed" : "not passed");
  return parts.length === 0 ? " ✓" : ` ✓ ${parts.join(", ")}`;
}
