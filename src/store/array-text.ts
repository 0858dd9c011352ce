// The text form of PostgreSQL's arrays (documentation, 8.15.6), read.

/**
 * Reads an array literal such as `{1,NULL,"a \"b\""}` or `{{1,2},{3,4}}`.
 * @param text as the server sends it
 * @param element turns one element's text into its value; null elements are null
 * @throws Error when it is no array literal
 */
export function parseArray(text: string, element: (text: string) => unknown): unknown[] {
  const start = text.indexOf("{"); // bounds other than 1 stand before it, as in [2:3]={a,b}
  const { value, next } = readArray(text, start, element);
  if (next !== text.length) throw new Error("Not an array literal");
  return value;
}

function readArray(
  text: string,
  start: number,
  element: (text: string) => unknown,
): { value: unknown[]; next: number } {
  if (text[start] !== "{") throw new Error("Not an array literal");
  const value: unknown[] = [];
  let at = start + 1;
  while (text[at] !== "}") {
    if (text[at] === "{") {
      const inner = readArray(text, at, element);
      value.push(inner.value);
      at = inner.next;
    } else if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      value.push(element(text.slice(at + 1, end).replace(/\\(.)/gs, "$1")));
      at = end + 1;
    } else {
      const end = endOfBare(text, at);
      const bare = text.slice(at, end);
      value.push(bare === "NULL" ? null : element(bare));
      at = end;
    }
    if (text[at] === ",") at += 1;
    else if (text[at] !== "}") throw new Error("Not an array literal");
  }
  return { value, next: at + 1 };
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  throw new Error("Not an array literal");
}

function endOfBare(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) if (text[at] === "," || text[at] === "}") return at;
  throw new Error("Not an array literal");
}
