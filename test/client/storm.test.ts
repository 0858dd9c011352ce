// A bad line: cut again and again while events come. Nothing is lost, doubled or out of order.
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { filled, reaches, startWorld } from "./world.ts";

const world = startWorld();
const EVENTS = 80;

test("80 events in each of three channels over a dozen cuts", async () => {
  const [user, room] = [world.user(), "storm"];
  const client = world.client(user);
  const titles: string[] = [];
  const texts: unknown[] = [];
  const scores: number[] = [];
  const ids = new Set<string>();
  const channels = client.channels();
  channels.on("notifications", async ({ data }, { id }) => {
    await Promise.resolve(); // listeners that take their time must not change the order
    ids.add(id);
    titles.push(data.title);
  });
  channels.on("room_message", ({ text }) => texts.push(text));
  client.dashboard().on("quiz_completed", ({ score }) => scores.push(score));
  await channels.subscribeNotifications();
  await channels.joinRoom(room);
  await reaches(client.dashboard(), "connected");

  let publishing = true;
  const cutting = (async () => {
    for (let cut = 0; cut < 12 && publishing; cut++) {
      const soFar = titles.length;
      await eventually(() => titles.length > soFar || !publishing, { timeoutMs: 60_000 });
      world.line.cut();
    }
  })();
  const lesson = { user_id: Number(user), topic_id: "constants", chapter_id: "integer-constants" };
  for (let n = 1; n <= EVENTS; n++) {
    await Promise.all([
      world.backend.notify({ userId: user, title: `${n}`, message: "m" }),
      world.backend.sendToRoom(room, { text: `${n}` }),
      world.backend.addQuiz({ ...lesson, score: n, total_questions: EVENTS }),
    ]);
  }
  publishing = false;
  await cutting;

  const numbers = Array.from({ length: EVENTS }, (_, at) => at + 1);
  await filled(titles, EVENTS, 60_000);
  await filled(texts, EVENTS, 60_000);
  await filled(scores, EVENTS, 60_000);
  expect(titles).toEqual(numbers.map(String));
  expect(texts).toEqual(numbers.map(String));
  expect(scores).toEqual(numbers);
  expect(ids.size).toBe(EVENTS);
}, 120_000);
