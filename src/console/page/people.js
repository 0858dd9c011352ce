// Who one is: the ready-made development tokens, or one that is pasted.
import { el } from "./dom.js";

/**
 * Shows the people and tells who is chosen.
 * @param {HTMLElement} place
 * @param {{label: string, userId: string, role: string, token: string}[]} tokens
 */
export function createPeople(place, tokens) {
  const listeners = new Set();
  const learners = tokens.filter(({ role }) => role === "user");
  let person = tokens[0] ?? { label: "pasted", userId: "", role: "user", token: "" };

  function choose(chosen) {
    person = chosen;
    for (const listener of listeners) listener(person);
  }

  const radio = (someone) =>
    el(
      "label",
      { class: "person" },
      el("input", {
        type: "radio",
        name: "person",
        checked: someone === person,
        onchange: () => choose(someone),
      }),
      el("span", {}, someone.label),
      el("span", { class: "soft" }, someone.role === "user" ? `user ${someone.userId}` : someone.role),
    );

  const pasted = el("input", {
    type: "password",
    autocomplete: "off",
    spellcheck: false,
    onchange: () => {
      const userId = userOf(pasted.value);
      if (userId !== undefined) choose({ label: "pasted", userId, role: "user", token: pasted.value.trim() });
    },
  });

  place.append(
    ...(tokens.length > 0
      ? [el("fieldset", { class: "people", "aria-label": "Development tokens" }, ...tokens.map(radio))]
      : []),
    el("label", { class: "field" }, tokens.length > 0 ? "or paste a token" : "Paste a token", pasted),
  );

  return {
    /** Who is chosen now. */
    get current() {
      return person;
    },
    /** Users to publish to. */
    learners: learners.length > 0 ? learners.map(({ userId }) => userId) : ["123"],
    /** The token that publishes: the service's, or, without development tokens, the pasted one. */
    get publisher() {
      return (tokens.find(({ role }) => role === "service") ?? person).token;
    },
    onChange: (listener) => listeners.add(listener),
  };
}

/** The user id in a JWT, read without verifying it; undefined for anything else. */
function userOf(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { sub, user_id, userId, id } = JSON.parse(atob(payload));
    return String(sub ?? user_id ?? userId ?? id);
  } catch {
    return undefined; // no token yet: the person types
  }
}
