// Reading a JWT's payload where the platform may lack `atob` and `TextDecoder`, as React Native does.

/** The alphabet of base64url (RFC 4648), and of base64 where it differs. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** A number of more digits is rounded by JSON.parse, which makes two ids one. */
const EXACT_DIGITS = 15;

/** The claims of a token, which is not verified. Whole numbers of more than 15 digits are strings, as they are written. */
export function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const claims: unknown = JSON.parse(quoteLongNumbers(decode(token.split(".")[1] ?? "")));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // not base64url, UTF-8 or JSON: no token at all
  }
}

/** Base64url of UTF-8 as text. @throws for anything else */
function decode(base64url: string): string {
  let escaped = "";
  let bits = 0;
  let length = 0;
  for (const char of base64url.replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_")) {
    const digit = DIGITS.indexOf(char);
    if (digit < 0) throw new SyntaxError("not base64url");
    bits = ((bits << 6) | digit) & 0xffff;
    length += 6;
    if (length < 8) continue;
    length -= 8;
    escaped += `%${((bits >> length) & 0xff).toString(16).padStart(2, "0")}`;
  }
  return decodeURIComponent(escaped);
}

/** JSON with its long whole numbers in quotes; strings are left as they are. */
function quoteLongNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (literal) =>
    /^-?\d+$/.test(literal) && literal.length > EXACT_DIGITS ? `"${literal}"` : literal,
  );
}
