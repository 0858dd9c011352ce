// Publishers that keep a ledger: what was acknowledged, and what must be sent again with the same key.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { signToken } from "../../support/tokens.ts";

/** An event that the server has acknowledged. */
export interface Acknowledged {
  title: string;
  channel: string;
  offset: number;
  id: string;
}

/** Publishers at work. */
export interface Publishers {
  readonly acknowledged: Acknowledged[];
  /** Starts no new event; resolves when every one that was begun is acknowledged. */
  finish(): Promise<void>;
}

/**
 * Publishes `perSecond` notifications over all `users`, on `lanes` connections at a time. An event without an answer is sent
 * again with its key until there is one, across every death of the server.
 */
export function publish(url: string, users: readonly string[], perSecond: number, lanes = 20): Publishers {
  const acknowledged: Acknowledged[] = [];
  const token = signToken({ sub: "1", role: "service" });
  let going = true;

  async function send(title: string, userId: string): Promise<void> {
    const key = randomUUID();
    for (;;) {
      const answer = await attempt(key, { userId, title, message: "m" });
      if (answer !== undefined) {
        acknowledged.push({ title, ...answer });
        return;
      }
      await delay(50);
    }
  }

  async function attempt(key: string, body: object): Promise<Omit<Acknowledged, "title"> | undefined> {
    try {
      const response = await fetch(`${url}/api/v1/notifications`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5000),
      });
      if (response.status === 201) return (await response.json()) as Omit<Acknowledged, "title">;
      if (response.status < 500) throw new TypeError(`refused with ${response.status}: ${await response.text()}`);
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith("refused")) throw error;
    }
    return undefined;
  }

  async function lane(number: number): Promise<void> {
    for (let count = 0; going; count++) {
      const began = performance.now();
      await send(`${number}.${count}.${randomUUID()}`, users[(number + count * lanes) % users.length] ?? "");
      await delay(Math.max(0, (lanes * 1000) / perSecond - (performance.now() - began)));
    }
  }

  const running = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return {
    acknowledged,
    async finish() {
      going = false;
      await running;
    },
  };
}
