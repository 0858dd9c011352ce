// The forms that publish, as tabs (WAI-ARIA tabs pattern: arrows move, the chosen one is in the tab order).
import { asCurl, callApi, methodOf } from "./api.js";
import { el } from "./dom.js";
import { anyCall, forms } from "./forms.js";

/** Shows the forms. `rows` are the calls of the API, for the form that makes any of them. */
export function createPublish(place, people, log, rows) {
  const shown = rows.length === 0 ? forms : [...forms, anyCall(rows)];
  const panels = shown.map((form) => createPanel(form, people, log));
  const tabs = shown.map(({ id, title }, at) =>
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

function createPanel({ id, title, action = `Publish ${title.toLowerCase()}`, fields, calls }, people, log) {
  const controls = fields.map((field) => [field, createControl(field, people)]);
  const answer = el("p", { class: "answer soft", role: "status" });
  const values = () =>
    Object.fromEntries(
      controls.map(([{ name, kind }, control]) => [name, kind === "check" ? control.checked : control.value]),
    );
  for (const [{ fills }, control] of controls) {
    if (fills !== undefined) control.addEventListener("change", () => fill(controls, fills(control.value)));
  }

  function show(text, kind) {
    answer.className = `answer ${kind}`;
    answer.textContent = text;
  }

  /** The calls as the form has them, or undefined where a body is not JSON. */
  function read() {
    try {
      return calls(values());
    } catch (error) {
      show(`the body is not JSON: ${error.message}`, "bad");
      return undefined;
    }
  }

  async function submit(event) {
    event.preventDefault();
    show("…", "soft");
    for (const call of read() ?? []) {
      const { status, body } = await callApi({ ...call, token: people.publisher });
      const good = status >= 200 && status < 300;
      log({
        source: "HTTP API",
        family: "api",
        event: `${methodOf(call)} ${call.path} → ${status}`,
        payload: body,
        kind: good ? "quiet" : "problem",
      });
      if (good) show(`${status}${summary(body)}`, "good");
      else return show(`${status} ${body?.error?.code ?? ""}: ${body?.error?.message ?? ""}`, "bad");
    }
  }

  async function copy() {
    const made = read();
    if (made === undefined) return;
    const copying = navigator.clipboard?.writeText(made.map(asCurl).join("\n\n")) ?? Promise.reject();
    await copying.then(
      () => show("copied; set TOKEN to a service token", "soft"),
      () => show("the browser does not let this page copy", "soft"),
    );
  }

  return el(
    "form",
    { id: `panel-${id}`, role: "tabpanel", "aria-labelledby": `tab-${id}`, onsubmit: submit },
    el("div", { class: "fields" }, ...controls.map(([field, control]) => labelled(field, control))),
    el(
      "div",
      { class: "actions" },
      el("button", { class: "primary", type: "submit" }, action),
      el("button", { type: "button", onclick: copy }, "Copy as curl"),
      answer,
    ),
  );
}

/** Fills in controls by the names of their fields. */
function fill(controls, given) {
  for (const [{ name }, control] of controls) if (given[name] !== undefined) control.value = given[name];
}

function labelled({ label, kind, wide }, control) {
  if (kind === "check") return el("label", { class: "field check" }, control, label);
  return el("label", { class: wide ? "field wide" : "field" }, label, control);
}

function createControl({ kind, value = "", options = [], everyone = false, rows = 3 }, people) {
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
      return el("textarea", { rows, value });
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
