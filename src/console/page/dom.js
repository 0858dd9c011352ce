// Elements from data. Text is only ever set as text, so nothing that was received can become markup.

/**
 * Makes an element.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] `class`, `on…` listeners, `aria-…`/`data-…`/`for` attributes, else properties
 * @param {...(Node | string | undefined)} children
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name === "class") element.className = String(value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (/^(aria-|data-|for$|role$)/.test(name)) element.setAttribute(name, String(value));
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The element with this id, which the page has. */
export function byId(id) {
  return document.getElementById(id);
}
