// A device whose clock is wrong, or is set while it is connected, against a server whose clock is right.
import { afterEach, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";
import { reaches, startWorld } from "./world.ts";

const world = startWorld();
const HOUR = 3_600_000;
const deviceTime = Date.now.bind(Date);
const trueSeconds = (): number => Math.floor((performance.timeOrigin + performance.now()) / 1000);
const setClock = (aheadMs: number): void => {
  vi.spyOn(Date, "now").mockImplementation(() => deviceTime() + aheadMs);
};
afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ["an hour ahead", HOUR, HOUR],
  ["an hour behind", -HOUR, -HOUR],
  ["set back during the connection", HOUR, -HOUR],
  ["set forward during the connection", -HOUR, HOUR],
])("by a clock that is %s a token is renewed once, in time", async (_what, before, after) => {
  const user = world.user();
  let fetched = 0;
  const token = (): string => {
    const iat = trueSeconds();
    return signToken({ sub: user, iat, exp: iat + (++fetched === 1 ? 3 : 900) });
  };
  setClock(before);
  const client = world.client(user, { token });
  const lost: string[] = [];
  client.dashboard().on("disconnected", ({ reason }) => lost.push(reason));
  client.channels().on("disconnected", ({ reason }) => lost.push(reason));
  await Promise.all([reaches(client.dashboard(), "connected"), reaches(client.channels(), "connected")]);
  setClock(after);
  await eventually(() => fetched >= 2);
  for (let n = 0; n < 5; n++) {
    await client.dashboard().snapshot();
    await client.channels().presence({ users: [] });
  }
  // engine.io takes a clock that jumps ahead for a sleep of the device, and connects anew.
  expect([fetched, lost.filter((reason) => reason !== "ping timeout")]).toEqual([2, []]);
});
