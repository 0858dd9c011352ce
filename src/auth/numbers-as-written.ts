// Numbers of a JSON object as they are written: JSON.parse rounds those beyond 2^53, and two users become one.

/**
 * The numbers among the members of a JSON object, by name, each in the text's own spelling (`12345678901234567890`, `1e3`).
 * Of members with the same name the last one counts, as in `JSON.parse`. Those of nested objects are left out.
 * @param text a JSON object that `JSON.parse` accepts
 */
export function numbersAsWritten(text: string): Map<string, string> {
  /** A string, a number or a word (`true`, `null`) where the search begins. */
  const literals = /"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+/y;
  const numbers = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let last = "";
  for (let at = 0; at < text.length; ) {
    const char = text[at];
    literals.lastIndex = at;
    const literal = literals.exec(text)?.[0];
    at += literal?.length ?? 1;
    if (literal !== undefined) {
      last = literal;
      if (depth !== 1 || name === undefined) continue;
      if (/^[-\d]/.test(literal)) numbers.set(name, literal);
      else numbers.delete(name);
    } else if (char === "{" || char === "[") {
      if (depth === 1 && name !== undefined) numbers.delete(name);
      depth++;
    } else if (char === "}" || char === "]") depth--;
    else if (depth === 1 && char === ":") name = JSON.parse(last) as string;
    else if (depth === 1 && char === ",") name = undefined;
  }
  return numbers;
}
