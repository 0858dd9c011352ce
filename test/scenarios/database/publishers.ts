// Publishers of durable events, over HTTP and Socket.IO, that accept nothing but a commit or a clear SERVER_ERROR.
import { randomInt, randomUUID } from "node:crypto";
import { signToken } from "../../support/tokens.ts";
import { type Address, listen } from "../nodes.ts";
import type { Ledger, Outcome } from "./ledger.ts";

/** Whose notifications, which room's messages and whose quizzes are published. */
export interface Stage {
  readonly notified: readonly string[];
  readonly room: string;
  readonly learner: number;
}

/** One that nobody has used before. */
export function newStage(): Stage {
  const number = randomInt(1, 1_000_000_000);
  return { notified: [`u${number}a`, `u${number}b`], room: `room-${number}`, learner: number };
}

const TOKEN = signToken({ sub: "1", role: "service" });

/** Starts them. @returns what disconnects those of Socket.IO */
export async function startPublishers(server: Address, stage: Stage, ledger: Ledger): Promise<() => void> {
  const { notified, room, learner } = stage;
  const call = (path: string, body: object, key?: string) => post(`${server.url}${path}`, body, key);

  for (const userId of notified) {
    const channel = `notifications/${userId}`;
    const notify = async (name: string, key?: string): Promise<Outcome> => {
      const { outcome, body } = await call("/api/v1/notifications", { userId, title: name, message: "m" }, key);
      if (outcome === "acknowledged") ledger.acknowledged.push({ channel, name, offset: Number(body["offset"]) });
      return outcome;
    };
    for (const _lane of [1, 2]) ledger.caller("notification", () => notify(randomUUID()));
    let [name, key] = [randomUUID(), randomUUID()];
    ledger.caller("notification with a key", async () => {
      const outcome = await notify(name, key);
      if (outcome === "acknowledged") [name, key] = [randomUUID(), randomUUID()]; // till then, the same one again
      return outcome;
    });
  }

  let score = 0;
  const chapter = { user_id: learner, topic_id: "constants", chapter_id: "boolean-constants" };
  ledger.caller("quiz", async () => {
    score += 1;
    const name = String(score);
    const { outcome } = await call("/api/v1/quizzes", { ...chapter, score, total_questions: 1_000_000 });
    if (outcome === "acknowledged") ledger.acknowledged.push({ channel: `dashboard/${learner}`, name });
    return outcome;
  });

  const speakers = await Promise.all(["s0", "s1"].map((user) => listen(server, "/channels", user)));
  for (const { socket, ask } of speakers) {
    await ask("join_room", { room });
    ledger.caller("room message", async () => {
      const name = randomUUID();
      const answer = await socket.emitWithAck("room_message", { room, text: name });
      if (answer.ok) ledger.acknowledged.push({ channel: `rooms/${room}`, name, offset: answer.offset });
      else if (!isServerError(answer)) return JSON.stringify(answer);
      return answer.ok ? "acknowledged" : "refused";
    });
  }
  return () => {
    for (const speaker of speakers) speaker.close();
  };
}

/** Whether an answer has `{error: {code: "SERVER_ERROR", message}}`, with something to read. */
export function isServerError(answer: unknown): boolean {
  const { error } = answer as { error?: { code?: unknown; message?: unknown } };
  return error?.code === "SERVER_ERROR" && typeof error.message === "string" && error.message !== "";
}

async function post(
  url: string,
  body: object,
  key: string | undefined,
): Promise<{ outcome: Outcome; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const answer = JSON.parse(text) as Record<string, unknown>;
  if (response.status === 201) return { outcome: "acknowledged", body: answer };
  const refused = response.status === 503 && isServerError(answer);
  return { outcome: refused ? "refused" : `${response.status} ${text}`, body: answer };
}
