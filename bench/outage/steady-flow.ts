// Durable events at a steady rate through two nodes, and listeners on both that note how late each came, and which.

import { call } from "../../test/scenarios/flow.ts";
import { type Address, type Listener, listen, listenRaw } from "../../test/scenarios/nodes.ts";
import { eventually } from "../../test/support/eventually.ts";

/** A running flow. */
export interface SteadyFlow {
  /** Milliseconds from the call of the API to a Socket.IO client of the same node, of all events since this was last asked. */
  local(): number[];
  /** Ends it and waits until everybody has everything; what was wrong, in words, and how much there was. */
  finish(): Promise<{ published: number; listeners: number; wrong: string[] }>;
}

interface Said {
  readonly at: number;
  readonly node: number;
}

/** Publishes `perSecond` notifications in batches, on one node and the other in turn, to users that are this flow's own. */
export async function startSteadyFlow(
  nodes: readonly Address[],
  { name, users, perSecond }: { name: string; users: number; perSecond: number },
): Promise<SteadyFlow> {
  const userOf = (message: string): string => `${name}-${Number(message) % users}`;
  const late: number[] = [];
  const wrong: string[] = [];
  const acknowledged = new Map<string, Set<string>>();
  const listeners: { user: string; listener: Listener }[] = [];
  const said = new Map<string, Said>();
  for (let index = 0; index < users; index++) {
    const user = userOf(String(index));
    acknowledged.set(user, new Set());
    for (const [number, node] of nodes.entries()) {
      const socket = await listen(node, "/channels", user);
      socket.socket.on("notifications", ({ data }: { data: { message: string } }) => {
        const event = said.get(data.message);
        if (event?.node === number) late.push(performance.now() - event.at);
      });
      await socket.ask("subscribe", { channel: `notifications/${user}`, since: 0 });
      const raw = await listenRaw(node, "/", user);
      raw.send({ type: "subscribe", channel: `notifications/${user}` });
      await raw.hears("subscribed");
      listeners.push({ user, listener: socket }, { user, listener: raw });
    }
  }

  let count = 0;
  let turns = 0;
  const calls = new Set<Promise<void>>();
  const publish = async (messages: readonly string[]): Promise<void> => {
    const number = turns++ % nodes.length;
    const node = nodes[number];
    if (node === undefined) throw new Error("no nodes");
    const at = performance.now();
    for (const message of messages) said.set(message, { at, node: number });
    const items = messages.map((message) => ({
      path: "/api/v1/notifications",
      body: { userId: userOf(message), title: "steady", message },
    }));
    const answer = await call(node, "POST", "/api/v1/batch", { items }).catch((error: unknown) => ({
      status: 0,
      text: String(error),
    }));
    const results: { status: number }[] = answer.status === 200 ? JSON.parse(answer.text).results : [];
    for (const [index, message] of messages.entries()) {
      if (results[index]?.status === 201) acknowledged.get(userOf(message))?.add(message);
      else wrong.push(`${message} was not taken: ${answer.status} ${answer.text}`);
    }
  };
  const began = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    const messages = Array.from({ length: due - count }, (_, index) => String(count + index));
    count = due;
    if (messages.length === 0) return;
    const going = publish(messages).finally(() => calls.delete(going));
    calls.add(going);
  }, 20);

  const heardBy = ({ heard }: Listener): string[] =>
    heard.filter(({ name }) => name === "notifications").map(({ body }) => String(body.data.message));
  return {
    local: () => late.splice(0).sort((a, b) => a - b),
    async finish() {
      clearInterval(timer);
      await Promise.all(calls);
      const published = [...acknowledged.values()].reduce((sum, { size }) => sum + size, 0);
      const complete = () =>
        listeners.every(({ user, listener }) => heardBy(listener).length >= (acknowledged.get(user)?.size ?? 0));
      await eventually(complete, { timeoutMs: 20_000 }).catch(() =>
        wrong.push("not everybody has everything after 20 s"),
      );
      const orders = new Map<string, string>();
      for (const { user, listener } of listeners) {
        const heard = heardBy(listener);
        const missing = [...(acknowledged.get(user) ?? [])].filter((message) => !heard.includes(message));
        if (missing.length > 0) wrong.push(`${missing.length} are missing at ${user}, ${missing[0]} for one`);
        if (new Set(heard).size < heard.length)
          wrong.push(`${heard.length - new Set(heard).size} came twice to ${user}`);
        const order = heard.join();
        if ((orders.get(user) ?? order) !== order) wrong.push(`${user} has heard them in another order elsewhere`);
        orders.set(user, order);
        listener.close();
      }
      return { published, listeners: listeners.length, wrong };
    },
  };
}
