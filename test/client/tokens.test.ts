// Tokens: read without being verified, fetched once, renewed when needed, of one user only.
import { expect, test } from "vitest";
import { createTokens, readToken } from "../../src/client/tokens.ts";
import { signToken } from "../support/tokens.ts";

const HOUR = 3_600_000;

test("the user is the first of sub, user_id, userId and id; numbers become strings", () => {
  const claims = { sub: "a", user_id: "b", userId: "c", id: 4 };
  expect(readToken(signToken(claims)).user).toBe("a");
  expect(readToken(signToken({ user_id: 7, userId: "c" })).user).toBe("7");
  expect(readToken(signToken({ userId: "c", id: 4 })).user).toBe("c");
  expect(readToken(signToken({ id: 4 })).user).toBe("4");
});

test("names outside ASCII survive the base64", () => {
  expect(readToken(signToken({ sub: "学习者-ü-😀" })).user).toBe("学习者-ü-😀");
});

test.each(["", "nonsense", "a.b.c", signToken({ sub: "1" }, { expiresIn: null }), signToken({ role: "user" })])(
  "what the server would refuse anyway is refused at once: %s",
  (text) => {
    expect(() => readToken(text)).toThrow(expect.objectContaining({ code: "INVALID_TOKEN" }));
  },
);

test("a fetched token is used until shortly before its end", async () => {
  let now = Date.now();
  let fetched = 0;
  const source = () => signToken("1", { expiresIn: 3600 + ++fetched });
  const tokens = createTokens(source, () => now);
  const first = await tokens.get();
  expect((await tokens.get()).text).toBe(first.text);
  now += HOUR; // the token has one second left
  expect((await tokens.get()).text).not.toBe(first.text);
  expect(fetched).toBe(2);
});

test("callers at the same time share one fetch", async () => {
  let fetched = 0;
  const tokens = createTokens(async () => signToken("1", { expiresIn: 60 + ++fetched }));
  await Promise.all([tokens.get(), tokens.get(), tokens.get()]);
  expect(fetched).toBe(1);
});

test("renew gives another token, or none when the source has no other", async () => {
  let fetched = 0;
  const changing = createTokens(() => signToken("1", { expiresIn: 60 + ++fetched }));
  const old = await changing.get();
  expect((await changing.renew(old))?.text).not.toBe(old.text);
  await changing.renew(old); // somebody else has renewed it already
  expect(fetched).toBe(2);

  const text = signToken("1");
  const fixed = createTokens(text);
  expect(await fixed.renew(await fixed.get())).toBeUndefined();
  const same = createTokens(() => text);
  expect(await same.renew(await same.get())).toBeUndefined();
});

test("a failing source is unreachable for now; a token of another user is refused for good", async () => {
  const failing = createTokens(() => Promise.reject(new Error("no network")));
  await expect(failing.get()).rejects.toMatchObject({ code: "UNREACHABLE", message: "no network" });

  const users = ["1", "2"];
  const mixed = createTokens(() => signToken(users.shift() ?? ""));
  const first = await mixed.get();
  await expect(mixed.renew(first)).rejects.toMatchObject({ code: "AUTH_FAILED" });
});
