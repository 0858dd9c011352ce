// Tokens: read without being verified, fetched once, renewed when needed, of one user only.
import { expect, test } from "vitest";
import { createTokens, readToken } from "../../src/client/tokens.ts";
import { signToken, unsignedToken } from "../support/tokens.ts";

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

test("an id that is a number is taken as it is written, of any size", () => {
  expect(readToken(unsignedToken('{"sub":1234567890123456789,"exp":1}')).user).toBe("1234567890123456789");
  expect(readToken(unsignedToken('{"note":"\\"id\\": 1","id": -98765432109876543210,"exp":1}')).user).toBe(
    "-98765432109876543210",
  );
  expect(readToken(unsignedToken('{"sub":"12345678901234567890","exp":1}')).user).toBe("12345678901234567890");
  expect(readToken(unsignedToken('{"sub":" 1234567890123456789 ","exp":1}')).user).toBe(" 1234567890123456789 ");
  expect(readToken(unsignedToken('{"sub":42,"list":[1234567890123456789],"exp":1}')).user).toBe("42");
});

test.each([0, 1, 2, 3, 4, 5])("a payload is read at every length of its base64 (%s)", (length) => {
  const sub = `ü${"x".repeat(length)}`;
  const claims = JSON.stringify({ sub, exp: 1 });
  for (const encoding of ["base64url", "base64"] as const)
    expect(readToken(unsignedToken(claims, encoding)).user).toBe(sub);
});

test.each([
  "",
  "nonsense",
  "a.b.c",
  "a.!!!!.c",
  `a.${Buffer.from([0xff, 0xfe]).toString("base64url")}.c`,
  signToken({ role: "user" }),
])("what the server would refuse anyway is refused at once: %s", (text) => {
  expect(() => readToken(text)).toThrow(expect.objectContaining({ code: "INVALID_TOKEN" }));
});

test("where the application says whose a token is, it need not be readable, and the server says when it ends", async () => {
  for (const text of ["opaque", unsignedToken("{}"), unsignedToken('{"sub":"another name"}')])
    expect(readToken(text, { user: "1" })).toEqual({ text, user: "1", endsAt: undefined });
  let fetched = 0;
  const tokens = createTokens(() => `opaque-${++fetched}`, { user: "1" });
  const first = await tokens.get();
  expect(await tokens.get()).toBe(first);
  expect((await tokens.renew(first))?.text).toBe("opaque-2");
});

test("a fetched token is used until shortly before its end", async () => {
  let now = 0;
  let fetched = 0;
  const source = () => signToken("1", { expiresIn: 3600 + ++fetched });
  const tokens = createTokens(source, { clock: { monotonic: () => now, wall: Date.now } });
  const first = await tokens.get();
  expect((await tokens.get()).text).toBe(first.text);
  now += HOUR; // the token has one second left
  expect((await tokens.get()).text).not.toBe(first.text);
  expect(fetched).toBe(2);
});

test("a token that only the device's clock holds for ended is used until the server refuses it", async () => {
  const issued = Math.floor(Date.now() / 1000);
  for (const skew of [-HOUR, HOUR]) {
    for (const claims of [
      { exp: issued + 900, iat: issued },
      { exp: issued + 900, iat: undefined },
    ]) {
      let fetched = 0;
      const source = () => unsignedToken(JSON.stringify({ sub: "1", jti: ++fetched, ...claims }));
      const tokens = createTokens(source, { clock: { monotonic: () => 0, wall: () => Date.now() + skew } });
      for (let n = 0; n < 10; n++) await tokens.get();
      expect(fetched).toBe(1);
    }
  }
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
