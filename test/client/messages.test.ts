// Messages of the client whose answer is lost: sent again by itself, kept once.
import { describe, expect, it } from "vitest";
import { ClasswireError } from "../../src/client/index.ts";
import { eventually } from "../support/eventually.ts";
import { reaches, startWorld } from "./world.ts";

const world = startWorld({ MESSAGES_PER_SECOND: "10" }); // and 20 at once

/** A writer behind the line, and a reader with a line of its own, in one room. */
async function pair(room: string, options: { timeoutMs?: number } = {}) {
  const [writer, reader] = [
    world.client(world.user(), options).channels(),
    world.client(world.user(), { url: world.server.url }).channels(),
  ];
  const heard: string[] = [];
  reader.on("room_message", ({ text }) => void heard.push(String(text)));
  await Promise.all([writer.joinRoom(room), reader.joinRoom(room)]);
  return { writer, reader, heard };
}

describe("a message whose answer is lost", () => {
  it("is sent again when there is a connection, and is there once", async () => {
    const { writer, heard } = await pair("lost-1");
    const own: string[] = [];
    writer.on("room_message", ({ text }, { id }) => void own.push(`${id} ${text}`));
    world.line.mute();
    const sent = writer.sendToRoom("lost-1", { text: "once" });
    await eventually(() => heard.includes("once"), { what: "the message with the reader" }); // kept, and the answer is lost
    world.line.cut();
    const once = await sent;
    expect(once).toEqual({ id: expect.any(String), offset: 1, repeated: true });
    const after = await writer.sendToRoom("lost-1", { text: "after" });
    expect(after).toEqual({ id: expect.any(String), offset: 2 });
    await eventually(() => heard.includes("after") && own.length >= 2, { what: "both with both" });
    expect(heard).toEqual(["once", "after"]);
    expect(own).toEqual([`${once.id} once`, `${after.id} after`]);
  });

  it("in time is sent again as well", async () => {
    const writer = world.client(world.user(), { timeoutMs: 500 }).channels();
    await writer.joinRoom("lost-2");
    world.line.mute();
    const sent = writer.sendToRoom("lost-2", { text: "once" });
    await expect(writer.presence({ users: [] })).rejects.toMatchObject({ code: "TIMEOUT" }); // and the message before it, too
    world.line.cut();
    expect(await sent).toEqual({ id: expect.any(String), offset: 1, repeated: true });
  });

  it("keeps its place among others that never arrived", async () => {
    const { writer, heard } = await pair("lost-4");
    world.line.swallow();
    const texts = Array.from({ length: 12 }, (_, n) => `${n}`);
    const sent = Promise.all(texts.map((text) => writer.sendToRoom("lost-4", { text })));
    world.line.cut();
    expect((await sent).map(({ offset }) => offset)).toEqual(texts.map((_, n) => n + 1));
    await eventually(() => heard.length >= 12, { what: "all of them with the reader" });
    expect(heard).toEqual(texts);
  });

  it("is there once also where too many are sent again within a second", async () => {
    const { writer, heard } = await pair("lost-5", { timeoutMs: 2000 });
    world.line.swallow();
    const texts = Array.from({ length: 28 }, (_, n) => `${n}`);
    const sent = Promise.all(texts.map((text) => writer.sendToRoom("lost-5", { text })));
    world.line.cut();
    const offsets = (await sent).map(({ offset }) => offset);
    expect(offsets.sort((a, b) => a - b)).toEqual(texts.map((_, n) => n + 1));
    await eventually(() => heard.length >= 28, { what: "all of them with the reader" });
    expect([...heard].sort()).toEqual([...texts].sort());
  });

  it("is not sent again once its handle is closed, and says at once why the last try failed", async () => {
    const writer = world
      .client(world.user(), { timeoutMs: 500, backoff: { first: 600_000, longest: 600_000 } })
      .channels();
    await reaches(writer, "connected");
    world.line.mute();
    const sent = writer.sendToUser("1", { text: "a" });
    await expect(writer.presence({ users: [] })).rejects.toMatchObject({ code: "TIMEOUT" }); // and the message before it, too
    await Promise.all([expect(sent).rejects.toMatchObject({ code: "TIMEOUT" }), writer.close()]);
  });

  it("is another thing than one that never went out: that is given up after one wait", async () => {
    const writer = world.client(world.user(), { timeoutMs: 500 }).channels();
    await reaches(writer, "connected");
    world.line.cut(true);
    await eventually(() => writer.state !== "connected");
    const sent = writer.sendToUser("1", { text: "a" });
    const isRefused = expect(sent).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(writer.presence({ users: [] })).rejects.toMatchObject({ code: "TIMEOUT" });
    world.line.mend();
    await isRefused;
  });

  it("is known again by an id of one's own", async () => {
    const { writer } = await pair("lost-3");
    const first = await writer.sendToRoom("lost-3", { text: "a" }, { id: "own" });
    expect(await writer.sendToRoom("lost-3", { text: "a" }, { id: "own" })).toEqual({ ...first, repeated: true });
    const user = world.user();
    const direct = await writer.sendToUser(user, { text: "a" }, { id: "own" });
    expect(await writer.chat("a", user, { id: "own" })).toMatchObject({ id: direct.id, repeated: true });
  });

  it("is not sent again when the server refuses it, nor after the end", async () => {
    const writer = world.client(world.user()).channels();
    await reaches(writer, "connected");
    await expect(writer.sendToRoom("elsewhere", { text: "a" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    world.line.cut(true);
    const sent = writer.sendToUser("1", { text: "a" });
    await Promise.all([expect(sent).rejects.toBeInstanceOf(ClasswireError), writer.close()]);
  });
});
