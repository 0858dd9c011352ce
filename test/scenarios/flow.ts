// A flow of durable events through the nodes of a cluster, while things happen to it, and listeners that must not miss one.
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";
import { type Address, type Listener, listen, listenRaw } from "./nodes.ts";

/** A running flow. */
export interface Flow {
  /** How many events were published and acknowledged so far. */
  published(): number;
  /** Publishes no more, waits until every listener has everything, and says what each has; throws what is wrong. */
  finish(): Promise<{ published: number; listeners: number }>;
}

/** Calls the API of a node, as a service unless another token is given; → status and body. */
export async function call(
  address: Pick<Address, "url">,
  method: string,
  path: string,
  body?: unknown,
  token = signToken({ sub: "1", role: "service" }),
): Promise<{ status: number; text: string }> {
  const response = await fetch(address.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}

/**
 * Publishes notifications to one user, every `everyMs` on the next node, with a Socket.IO and a raw listener on each node.
 * A publication that fails is an error of the flow: the database is up all the time.
 */
export async function startFlow(nodes: readonly Address[], user: string, everyMs = 20): Promise<Flow> {
  const listeners: Listener[] = [];
  for (const node of nodes) {
    const socket = await listen(node, "/channels", user);
    await socket.ask("subscribe", { channel: `notifications/${user}`, since: 0 });
    const raw = await listenRaw(node, "/", user);
    raw.send({ type: "subscribe", channel: `notifications/${user}` });
    await raw.hears("subscribed");
    listeners.push(socket, raw);
  }
  let [published, running] = [0, true];
  const problems: string[] = [];
  const publishing = (async () => {
    for (let turn = 0; running; turn++) {
      const node = nodes[turn % nodes.length];
      if (node === undefined) throw new Error("no nodes");
      const body = { userId: user, title: "flow", message: `#${turn}` };
      const answer = await call(node, "POST", "/api/v1/notifications", body).catch((error: unknown) => ({
        status: 0,
        text: String(error),
      }));
      if (answer.status === 201) published++;
      else problems.push(`publication ${turn}: ${answer.status} ${answer.text}`);
      await sleep(everyMs);
    }
  })();
  /** The numbers that a listener has heard, in the order in which it has. */
  const numbers = ({ heard }: Listener): number[] =>
    heard.filter(({ name }) => name === "notifications").map(({ body }) => Number(String(body.data.message).slice(1)));
  return {
    published: () => published,
    async finish() {
      running = false;
      await publishing;
      if (problems.length > 0) throw new Error(`${problems.length} publications failed: ${problems[0]}`);
      await eventually(() => listeners.every((one) => numbers(one).length >= published), {
        timeoutMs: 15_000,
        what: "every listener having everything",
      }).catch((error: unknown) => {
        throw new Error(`${error}: ${listeners.map((one) => numbers(one).length)} of ${published}`);
      });
      for (const [index, one] of listeners.entries()) {
        const wrong = numbers(one).findIndex((number, at) => number !== at);
        if (wrong >= 0) throw new Error(`listener ${index} heard #${numbers(one)[wrong]} as its ${wrong}th`);
        one.close();
      }
      return { published, listeners: listeners.length };
    },
  };
}

/** Resolves, with the milliseconds that it took, when what `from` says now is heard by a listener on another node. */
export async function crossing(from: Address, listener: Listener): Promise<number> {
  const started = performance.now();
  for (let attempt = 0; ; attempt++) {
    const message = `crossing ${started} ${attempt}`;
    await call(from, "POST", "/api/v1/system", { message, level: "info" });
    const heard = () => listener.heard.some(({ name, body }) => name === "system" && body.message === message);
    const crossed = await eventually(heard, { timeoutMs: 100, everyMs: 5 }).catch(() => false);
    if (crossed) return performance.now() - started;
    if (performance.now() - started > 30_000) throw new Error("nothing crosses to the other node");
  }
}
