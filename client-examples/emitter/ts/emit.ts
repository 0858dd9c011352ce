// A backend in TypeScript: live sends through Redis, durable sends through the HTTP API.
// Usage: REDIS_URL=redis://… CLASSWIRE_URL=http://… TOKEN=<a service token> npx tsx emit.ts <user id>
import { calls, createEmitter } from "classwire/emitter";
import { createClient } from "redis";

const { REDIS_URL = "redis://127.0.0.1:6379", CLASSWIRE_URL = "http://127.0.0.1:8080", TOKEN = "" } = process.env;
const [user = "123"] = process.argv.slice(2);

const redis = createClient({ url: REDIS_URL });
redis.on("error", (error: Error) => console.error(error.message));
await redis.connect();
const emitter = createEmitter({ redis, api: { url: CLASSWIRE_URL, token: TOKEN } });

// Heard by those who are connected now, on every node, whatever they speak. Nothing is kept.
await emitter.system({ message: "Maintenance tonight at ten.", level: "warning" });
await emitter.toUser(user, "order_status", { order_id: "o-1", status: "sent", tracking_no: "SF123" });
await emitter.dataUpdate({ entity: "course", action: "update", id: 7, data: { open: true } }, { room: "course:7" });

// Kept, and delivered in order to whoever is away. A resolved promise is a commit; retries make no second event.
const { offset, online } = await emitter.notify({ userId: user, title: "Graded", message: "Your homework is graded." });
console.log(`notification ${offset} is kept; the user is ${online ? "online" : "away"}`);

const results = await emitter.batch([
  calls.updateProgress({
    user_id: Number(user),
    topic_id: "constants",
    chapter_id: "boolean-constants",
    completed: true,
  }),
  calls.addQuiz({
    user_id: Number(user),
    topic_id: "constants",
    chapter_id: "boolean-constants",
    score: 9,
    total_questions: 10,
  }),
]);
for (const result of results) if (!result.ok) console.error(result.error.code, result.error.message);

await redis.close();
