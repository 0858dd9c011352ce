// A publisher that writes down what it says and what is acknowledged: batches with keys, sent again until there is an answer.
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { signToken } from "../support/tokens.ts";
import { hashOfNotification } from "./clients.ts";
import type { Recorder } from "./files.ts";
import { contentOf } from "./records.ts";

/** A publisher at work. */
export interface Publisher {
  /** Messages that were acknowledged. */
  readonly acknowledged: number;
  /** Batches that had to be sent again, wholly or in part. */
  readonly repeated: number;
  /** Acknowledged ones of a channel, and the highest offset that was told. */
  of(channel: string): { count: number; head: number };
  /** When the last acknowledgement came (`performance.now()`), and the longest time without one since it was last asked. */
  longestSilence(): number;
  /** Begins no batch from now on; resolves when each that was begun is acknowledged. */
  finish(): Promise<void>;
}

/** How it publishes. */
export interface PublisherOptions {
  /** The nodes' URLs; a batch that fails on one is sent again on the next. */
  readonly urls: readonly string[];
  readonly users: readonly string[];
  readonly recorder: Recorder;
  /** Messages in a call. */
  readonly batch: number;
  /** Calls at a time. */
  readonly parallel: number;
  /** Messages a second at most; as fast as it goes if nothing is said. */
  readonly perSecond?: number;
  /** Makes the keys of this run unlike those of any other on the same database. */
  readonly run: string;
  /** The number of the first message (0), where another publisher of the run has had those below. */
  readonly firstNumber?: number;
}

interface Message {
  readonly number: number;
  readonly channel: string;
  readonly item: { path: string; idempotencyKey: string; body: { userId: string; title: string; message: string } };
}

type Result = { status: number; body: { offset: number; id: string } };

/** Begins to publish. A message that the server refuses for what it is ends the run: the publisher is wrong then. */
export function startPublisher(options: PublisherOptions): Publisher {
  const { urls, users, recorder, batch, parallel, perSecond, run } = options;
  const headers = {
    authorization: `Bearer ${signToken({ sub: "1", role: "service" }, { expiresIn: 24 * 3600 })}`,
    "content-type": "application/json",
  };
  const agent = new Agent({ keepAlive: true });
  const channels = new Map<string, { count: number; head: number }>();
  const began = performance.now();
  let [next, acknowledged, repeated, going, lastAt, silence] = [options.firstNumber ?? 0, 0, 0, true, began, 0];

  function compose(): Message[] {
    const messages = Array.from({ length: batch }, () => {
      const number = next++;
      const userId = users[number % users.length] ?? "";
      const body = { userId, title: run, message: contentOf(number, "some words that a notification may say") };
      const item = { path: "/api/v1/notifications", idempotencyKey: `${run}-${number}`, body };
      return { number, channel: `notifications/${userId}`, item };
    });
    const events = messages.map(
      ({ number, channel, item }) => [number, channel, hashOfNotification(item.body)] as const,
    );
    recorder.note({ kind: "published", events });
    return messages;
  }

  function taken(messages: readonly Message[], results: readonly Result[]): Message[] {
    const events: [number, number, string][] = [];
    const left: Message[] = [];
    for (const [index, message] of messages.entries()) {
      const { status, body } = results[index] ?? { status: 0 };
      if (status !== 201 || body === undefined) {
        if (status >= 400 && status < 500 && status !== 429)
          throw new Error(`refused: ${status} ${JSON.stringify(body)}`);
        left.push(message);
        continue;
      }
      events.push([message.number, body.offset, body.id]);
      const channel = channels.get(message.channel) ?? { count: 0, head: 0 };
      channels.set(message.channel, channel);
      channel.count++;
      channel.head = Math.max(channel.head, body.offset);
    }
    if (events.length > 0) {
      recorder.note({ kind: "acknowledged", events });
      silence = Math.max(silence, performance.now() - lastAt);
      lastAt = performance.now();
      acknowledged += events.length;
    }
    return left;
  }

  async function send(turn: number): Promise<void> {
    let left = compose();
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt > 0) {
        repeated++;
        await sleep(50);
      }
      const url = urls[(turn + attempt) % urls.length] ?? "";
      left = taken(left, await post(agent, url, headers, left).catch(() => []));
    }
  }

  const call = async (number: number): Promise<void> => {
    for (let turn = number; going; turn += parallel) {
      const at = performance.now();
      await send(turn);
      const due = perSecond === undefined ? 0 : at + (parallel * batch * 1000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
    }
  };
  const running = Promise.all(Array.from({ length: parallel }, (_, number) => call(number)));
  running.catch(() => undefined); // told by `finish`
  return {
    get acknowledged() {
      return acknowledged;
    },
    get repeated() {
      return repeated;
    },
    of: (channel) => channels.get(channel) ?? { count: 0, head: 0 },
    longestSilence() {
      const longest = Math.max(silence, performance.now() - lastAt);
      silence = 0;
      return longest;
    },
    async finish() {
      going = false;
      await running.finally(() => agent.destroy());
    },
  };
}

/** One call of the batch API. Rejects when there is no answer, or another one than a batch has. */
function post(
  agent: Agent,
  url: string,
  headers: Record<string, string>,
  messages: readonly Message[],
): Promise<Result[]> {
  const payload = JSON.stringify({ items: messages.map(({ item }) => item) });
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent, headers, signal: AbortSignal.timeout(15_000) };
    const outgoing = request(`${url}/api/v1/batch`, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("close", () => reject(new Error("cut off")));
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode !== 200) reject(new Error(`${response.statusCode} ${text}`));
        else resolve((JSON.parse(text) as { results: Result[] }).results);
      });
    });
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}
