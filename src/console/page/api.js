// Calls of the HTTP API.

/**
 * Makes a call; the answer is `{status, body}`, and status 0 stands for no answer.
 * @param {{method?: string, path: string, body?: unknown, token?: string}} call
 */
export async function callApi({ method, path, body, token }) {
  try {
    const response = await fetch(path, {
      method: methodOf({ method }),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json", "idempotency-key": idempotencyKey() }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch (error) {
    return { status: 0, body: { error: { code: "NO_ANSWER", message: error.message } } };
  }
}

/** The method of a call, as HTTP writes it. */
export function methodOf({ method = "POST" }) {
  return method.toUpperCase();
}

/** The same call for a terminal. The token stays a variable, so that it is not copied into a history. */
export function asCurl({ method, path, body }) {
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return [
    `curl -X ${methodOf({ method })} '${new URL(path, location.href)}'`,
    `-H "Authorization: Bearer $TOKEN"`,
    `-H 'Content-Type: application/json'`,
    `-d '${json}'`,
  ].join(" \\\n  ");
}

/** crypto.randomUUID exists on secure origins only, which a page on another machine's address is not. */
function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
