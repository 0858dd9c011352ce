// The catalogue: replaced at once and in order, without losing what learners did in chapters that stay.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCatalogue } from "../../src/services/catalogue.ts";
import { openStore, type Store } from "../../src/store/store.ts";

let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "memory" });
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.prisma.topic.deleteMany();
});

const topics = () =>
  store.prisma.topic.findMany({
    orderBy: { position: "asc" },
    select: {
      id: true,
      displayName: true,
      chapters: { orderBy: { position: "asc" }, select: { id: true, displayName: true } },
    },
  });

const chapter = (id: string, displayName = id) => ({ id, displayName });

describe("put", () => {
  it("makes the catalogue what was put, in that order", async () => {
    const catalogue = createCatalogue({ store });
    const first = [
      { id: "b", displayName: "B", chapters: [chapter("2"), chapter("1")] },
      { id: "a", displayName: "A", chapters: [chapter("1")] },
    ];
    await catalogue.put(first);
    expect(await topics()).toEqual(first);

    const second = [
      { id: "a", displayName: "A!", chapters: [chapter("0"), chapter("1", "one")] },
      { id: "c", displayName: "C", chapters: [] },
    ];
    await catalogue.put(second);
    expect(await topics()).toEqual(second);

    await catalogue.put([]);
    expect(await catalogue.isEmpty()).toBe(true);
  });

  it("keeps progress of chapters that stay and drops that of chapters that go", async () => {
    const catalogue = createCatalogue({ store });
    await catalogue.put([{ id: "a", displayName: "A", chapters: [chapter("stays"), chapter("goes")] }]);
    for (const chapterId of ["stays", "goes"]) {
      await store.prisma.chapterProgress.create({ data: { userId: "1", topicId: "a", chapterId, completed: true } });
    }
    await catalogue.put([{ id: "a", displayName: "A", chapters: [chapter("new"), chapter("stays", "renamed")] }]);
    const left = await store.prisma.chapterProgress.findMany({ select: { chapterId: true, completed: true } });
    expect(left).toEqual([{ chapterId: "stays", completed: true }]);
  });

  it("refuses an id that is there twice, naming it, and changes nothing", async () => {
    const catalogue = createCatalogue({ store });
    const before = [{ id: "a", displayName: "A", chapters: [chapter("1")] }];
    await catalogue.put(before);
    const doubled = [{ id: "a", displayName: "A", chapters: [chapter("1"), chapter("1")] }];
    await expect(catalogue.put(doubled)).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
      fields: { "0.chapters.1.id": "is there twice" },
    });
    await expect(catalogue.put([...before, ...before])).rejects.toMatchObject({ fields: { "1.id": "is there twice" } });
    expect(await topics()).toEqual(before);
  });

  it("takes a thousand chapters at once", async () => {
    const chapters = Array.from({ length: 1000 }, (_, at) => chapter(`c${at}`));
    await createCatalogue({ store }).put([{ id: "a", displayName: "A", chapters }]);
    expect(await topics()).toEqual([{ id: "a", displayName: "A", chapters }]);
  });
});

describe("seed", () => {
  it("fills an empty catalogue and leaves any other alone", async () => {
    const catalogue = createCatalogue({ store });
    await catalogue.seedIfEmpty();
    expect((await topics()).map((topic) => topic.displayName)).toEqual(["词法元素", "常量"]);
    expect((await topics())[0]?.chapters).toEqual([
      { id: "identifiers", displayName: "标识符" },
      { id: "keywords", displayName: "关键字" },
    ]);
    const own = [{ id: "own", displayName: "Own", chapters: [] }];
    await catalogue.put(own);
    await catalogue.seedIfEmpty();
    expect(await topics()).toEqual(own);
  });
});
