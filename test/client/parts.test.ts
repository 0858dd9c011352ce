// The small parts: names, positions, barrier, waiting, visibility, refresh.
import { afterEach, expect, test, vi } from "vitest";
import { ConnectionBarrier } from "../../src/client/connection-barrier.ts";
import { createClient } from "../../src/client/create-client.ts";
import * as names from "../../src/client/names.ts";
import { createPositions } from "../../src/client/positions.ts";
import { createRefresh } from "../../src/client/refresh.ts";
import { memoryStorage, webStorage } from "../../src/client/storage.ts";
import { Alarm, sleep } from "../../src/client/timers.ts";
import { createTokens, readToken } from "../../src/client/tokens.ts";
import { pageVisibility } from "../../src/client/visibility.ts";
import * as contract from "../../src/contract/channel-names.ts";
import { encodeId } from "../../src/contract/ids.ts";
import { signToken, unsignedToken } from "../support/tokens.ts";

afterEach(() => {
  vi.useRealTimers();
});

test.each(["123", "a:b", "a/b", "x@y.z", "张三 😀", "!~*'()", "%41", "\uD800", ""])(
  "names are written as the contract writes them: %s",
  (id) => {
    expect(names.encodeId(id)).toBe(encodeId(id));
    expect(names.channelOf.messages(id)).toBe(contract.channelOf.messages(id));
    expect(names.channelOf.notifications(id)).toBe(contract.channelOf.notifications(id));
  },
);

test("a position comes back for the same server, user and channel, and for no other", async () => {
  const storage = memoryStorage();
  const position = { offset: 5, epoch: "e" };
  await createPositions(storage, "http://a", "1").save("c", position);
  expect(await createPositions(storage, "http://a", "1").load("c")).toEqual(position);
  expect(await createPositions(storage, "http://a", "1").load("d")).toBeUndefined();
  expect(await createPositions(storage, "http://a", "2").load("c")).toBeUndefined();
  expect(await createPositions(storage, "http://b", "1").load("c")).toBeUndefined();
});

test.each(["", "{", "null", "7", '{"offset":"1","epoch":"e"}', '{"offset":-1,"epoch":"e"}', '{"offset":1}'])(
  "a stored value that is no position is none: %s",
  async (text) => {
    const stored = webStorage({ getItem: () => text, setItem: () => undefined });
    expect(await createPositions(stored, "s", "1").load("c")).toBeUndefined();
  },
);

test("requests wait for the connection, but not for ever", async () => {
  vi.useFakeTimers();
  const barrier = new ConnectionBarrier();
  const late = expect(barrier.wait("subscribe", 1000)).rejects.toMatchObject({ code: "TIMEOUT" });
  await vi.advanceTimersByTimeAsync(1000);
  await late;
  const inTime = barrier.wait("subscribe", 1000);
  barrier.open();
  await inTime;
  await barrier.wait("subscribe", 0);
  expect(vi.getTimerCount()).toBe(0);
});

test("an alarm may be further away than one timer can wait", async () => {
  vi.useFakeTimers();
  const work = vi.fn();
  const inFiftyDays = 50 * 86_400_000;
  new Alarm().after(inFiftyDays, work);
  await vi.advanceTimersByTimeAsync(inFiftyDays - 1);
  expect(work).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(work).toHaveBeenCalledOnce();
});

test("a sleep ends early when it is aborted", async () => {
  const stop = new AbortController();
  const sleeping = sleep(60_000, stop.signal);
  stop.abort(new Error("enough"));
  await expect(sleeping).rejects.toThrow("enough");
  await expect(sleep(1, stop.signal)).rejects.toThrow("enough");
});

test("the page's visibility is followed where there is a page", () => {
  const listeners = new Set<() => void>();
  const document = {
    visibilityState: "visible",
    addEventListener: (_type: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_type: string, listener: () => void) => void listeners.delete(listener),
  };
  const page = pageVisibility({ document });
  const heard: boolean[] = [];
  const stop = page.onChange(() => heard.push(page.visible()));
  document.visibilityState = "hidden";
  for (const listener of listeners) listener();
  stop();
  expect(heard).toEqual([false]);
  expect(listeners.size).toBe(0);
  expect(pageVisibility({}).visible()).toBe(true);
});

test("a token is renewed before it ends, and tried again when that fails", async () => {
  vi.useFakeTimers();
  const first = readToken(signToken("1", { expiresIn: 600 }));
  const second = readToken(signToken("1", { expiresIn: 1200 }));
  const sent: string[] = [];
  let failures = 1;
  const tokens = {
    get: async () => first,
    async renew() {
      if (failures-- > 0) throw new Error("no network");
      return second;
    },
  };
  const refresh = createRefresh(tokens, async (token) => sent.push(token.text));
  refresh.watch(first);
  await vi.advanceTimersByTimeAsync(539_000);
  expect(failures).toBe(1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(failures).toBe(0);
  await vi.advanceTimersByTimeAsync(5000);
  expect(sent).toEqual([second.text]);
  refresh.stop();
  expect(vi.getTimerCount()).toBe(0);
});

/** A source of tokens of a quarter of an hour, by the true time, and the refresh of one connection with them. */
async function quarters(trueTime: () => number, skewMs: () => number, hasIat: boolean) {
  let asked = 0;
  const source = (): string => {
    asked++;
    const iat = Math.floor(trueTime() / 1000);
    const exp = iat + 900;
    return unsignedToken(JSON.stringify({ sub: "1", exp, jti: asked, ...(hasIat ? { iat } : {}) }));
  };
  const clock = { monotonic: () => performance.now(), wall: () => trueTime() + skewMs() };
  const tokens = createTokens(source, { clock });
  const refresh = createRefresh(tokens, async () => undefined, clock);
  refresh.watch(await tokens.get());
  return { asked: () => asked, stop: () => refresh.stop() };
}

test.each([
  ["right", () => 0],
  ["an hour ahead", () => 3_600_000],
  ["an hour behind", () => -3_600_000],
  ["jumping ahead and back", () => (performance.now() % 600_000 < 300_000 ? 7_200_000 : -7_200_000)],
])("a token of 15 minutes is renewed every 14, by a device clock that is %s", async (_what, skew) => {
  vi.useFakeTimers();
  const { asked, stop } = await quarters(Date.now, skew, true);
  await vi.advanceTimersByTimeAsync(13 * 60_000);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(13 * 60_000 + 60 * 60_000);
  expect(asked()).toBe(1 + Math.floor(86 / 14));
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("without iat the clock is asked; where that cannot be right, the server says when the token has ended", async () => {
  vi.useFakeTimers();
  const right = await quarters(Date.now, () => 0, false);
  const ahead = await quarters(Date.now, () => 3_600_000, false);
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect([right.asked(), ahead.asked()]).toEqual([5, 1]);
  right.stop();
});

test("however short tokens live, the source is asked every ten seconds at most; when it fails, ever more rarely", async () => {
  vi.useFakeTimers();
  const clock = { monotonic: () => performance.now(), wall: Date.now };
  let asked = 0;
  const shortLived = createTokens(() => signToken({ sub: "1", jti: `${++asked}` }, { expiresIn: 1 }), { clock });
  const short = createRefresh(shortLived, async () => undefined, clock);
  short.watch(await shortLived.get());
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBeGreaterThan(4);
  expect(asked).toBeLessThanOrEqual(8);
  short.stop();

  let tries = 0;
  const failing = createTokens(
    () => {
      if (tries++ > 0) throw new Error("no network");
      return signToken("1", { expiresIn: 600 });
    },
    { clock },
  );
  const patient = createRefresh(failing, async () => undefined, clock);
  patient.watch(await failing.get());
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries).toBeGreaterThan(2);
  expect(tries).toBeLessThan(8);
  patient.stop();
});

test.each([undefined, "", 8080])("a client without a URL to go to is refused at once: %s", (url) => {
  expect(() => createClient({ url: url as string, token: "t" })).toThrow(/^url: /);
});
