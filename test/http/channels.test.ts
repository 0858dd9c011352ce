// Reading channels over HTTP: pages of events, and who may read which.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { channelOf, EVERYONE } from "../../src/contract/channel-names.ts";
import { anyEvent } from "../support/any-event.ts";
import { type Api, startApi, TOKENS } from "./api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const append = (channel: string, n: number) =>
  api.log.append(anyEvent({ channel, event: "e", data: { n }, timestamp: 1000 + n }));
const path = (channel: string, query = "") => `/api/v1/channels/${channel}/events${query}`;

it("gives the events after an offset, and what the channel keeps", async () => {
  for (let n = 1; n <= 5; n++) await append("rooms/page", n);
  const answer = await api.get(path("rooms/page", "?since=2&limit=2"));
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    events: [3, 4].map((n) => ({ offset: n, id: expect.any(String), event: "e", data: { n }, timestamp: 1000 + n })),
    epoch: api.store.history.epoch,
    oldest: 1,
    head: 5,
  });
  expect((await api.get(path("rooms/page"))).body.events).toHaveLength(5);
  expect((await api.get(path("rooms/never"))).body).toMatchObject({ events: [], oldest: 1, head: 0 });
});

describe("refuses", () => {
  it.each(["?since=-1", "?since=x", "?limit=0", "?limit=1001", "?since=1.5"])("%s", async (query) => {
    expect((await api.get(path("rooms/page", query))).status).toBe(400);
  });

  it.each(["nothing/x", "rooms/a%20b", "dashboard/abc", "run-results/a%2Fb"])(
    "%s, which is no channel",
    async (name) => {
      expect((await api.get(path(name))).status).toBe(400);
    },
  );
});

describe("who may read", () => {
  const statusOf = async (as: string | null, channel: string) => (await api.get(path(channel), { as })).status;

  it.each(["notifications", "messages"] as const)("%s: that user, whatever the id is made of", async (kind) => {
    for (const user of ["7", "a:b", "x/y", "汉", "50%"]) {
      await append(channelOf[kind](user), 1);
      const name = `${kind}/${encodeURIComponent(user)}`;
      expect((await api.get(path(name), { as: TOKENS.user(user) })).body.events).toHaveLength(1);
      expect((await api.get(path(name))).body.events).toHaveLength(1);
      expect(await statusOf(TOKENS.user("other"), name)).toBe(403);
      expect(await statusOf(null, name)).toBe(401);
    }
  });

  it("dashboard: that user", async () => {
    expect(await statusOf(TOKENS.user("7"), "dashboard/7")).toBe(200);
    expect(await statusOf(TOKENS.user("8"), "dashboard/7")).toBe(403);
  });

  it("notifications to everyone: everyone", async () => {
    await append(EVERYONE, 1);
    expect((await api.get(path(EVERYONE), { as: TOKENS.user("9") })).body.events).toHaveLength(1);
  });

  it("run-results: the owner of the session", async () => {
    await append("run-results/s1", 1);
    expect(await statusOf(TOKENS.user("7"), "run-results/s1")).toBe(403);
    await api.services.runSessions.register({ session: "s1", user: "7", by: "backend" });
    expect(await statusOf(TOKENS.user("7"), "run-results/s1")).toBe(200);
    expect(await statusOf(TOKENS.user("8"), "run-results/s1")).toBe(403);
  });

  it("rooms: whoever is in it", async () => {
    expect(await statusOf(TOKENS.user("7"), "rooms/page")).toBe(403);
    await api.cluster.presence.enter("room:page", "7", "c1");
    expect(await statusOf(TOKENS.user("7"), "rooms/page")).toBe(200);
    expect(await statusOf(TOKENS.user("8"), "rooms/page")).toBe(403);
  });
});
