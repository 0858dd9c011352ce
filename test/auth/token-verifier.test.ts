// Tokens: which are taken for whose, and every way in which one is refused.
import { createHmac, generateKeyPairSync } from "node:crypto";
import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";
import { createTokenVerifier } from "../../src/auth/token-verifier.ts";
import type { TokenSettings } from "../../src/config/config.ts";
import { Failure } from "../../src/contract/errors.ts";

const secret = "a secret of at least thirty-two bytes";
const rsa = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const ec = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const hs256: TokenSettings = { key: { alg: "HS256", secret }, issuer: undefined, audience: undefined };
const rs256: TokenSettings = { ...hs256, key: { alg: ["RS256"], publicKey: rsa.publicKey } };
const es256: TokenSettings = { ...hs256, key: { alg: ["ES256"], publicKey: ec.publicKey } };
const verify = createTokenVerifier(hs256);
const sign = (claims: object, options: jwt.SignOptions = {}): string =>
  jwt.sign(claims, secret, { expiresIn: "1h", ...options });
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const handmade = (header: object, payload: unknown): string => {
  const input = `${b64(header)}.${b64(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

/** A token whose payload is this very text. */
const written = (payload: string): string => {
  const input = `${b64({ alg: "HS256", typ: "JWT" })}.${Buffer.from(payload).toString("base64url")}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};

function refusalOf(work: () => unknown): Partial<Failure> {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return { message: "accepted" };
}

const codeOf = (work: () => unknown): unknown => {
  const { code, message } = refusalOf(work);
  return code ?? message;
};

describe("a token that is taken", () => {
  it.each([
    [{ sub: "1", user_id: "2", userId: "3", id: "4" }, "1"],
    [{ user_id: 2, userId: "3", id: "4" }, "2"],
    [{ userId: "3", id: "4" }, "3"],
    [{ id: 4 }, "4"],
  ])("belongs to the first id among its claims: %j", (claims, id) => {
    expect(verify(sign(claims)).id).toBe(id);
  });

  it("says name, role and expiry", () => {
    expect(verify(sign({ sub: "1", username: "lin", name: "Lin", role: "service", jti: "t1" }))).toMatchObject({
      name: "lin",
      role: "service",
      tokenId: "t1",
      expiresAt: expect.any(Number),
    });
    expect(verify(sign({ sub: "1", name: "Lin" }))).toMatchObject({ name: "Lin", role: "user" });
  });

  it.each([
    [{ sub: "1", user_id: null, userId: {}, id: [] }, "1"],
    [{ sub: null, user_id: null, userId: "3" }, "3"],
    [{ id: "4", username: 7, name: { first: "Lin" }, nbf: null, iat: null, jti: null, iss: 5, aud: {} }, "4"],
  ])("may have claims of any kind where they are not used: %j", (claims, id) => {
    const token = handmade({ alg: "HS256" }, { ...claims, exp: inAnHour });
    expect(verify(token)).toMatchObject({
      id,
      name: undefined,
      tokenId: undefined,
      issuedAt: expect.toBeOneOf([undefined]),
    });
  });

  it.each(["root", "", null, 7, ["service"], { service: true }, "Service", "constructor"])(
    "is a user's where its role is %j, which is unknown",
    (role) => {
      expect(verify(handmade({ alg: "HS256" }, { sub: "1", role, exp: inAnHour })).role).toBe("user");
    },
  );

  it.each([
    ["1234567890123456789", "1234567890123456789"],
    ["-1234567890123456789", "-1234567890123456789"],
    ["9007199254740993", "9007199254740993"],
    ["123", "123"],
    ["0", "0"],
    ["-0", "0"],
    ["1e3", "1000"],
    ["1.0", "1"],
    ["1.5", "1.5"],
  ])("takes the number %s as the id %s", (number, id) => {
    for (const claim of ["sub", "user_id", "userId", "id"]) {
      const token = written(`{"a":{"${claim}":1},"${claim}":${number},"jti":${number},"exp":${inAnHour}}`);
      expect(verify(token)).toMatchObject({ id, tokenId: id });
    }
  });

  it("may be used 5 s before nbf and 5 s after exp", () => {
    const second = inAnHour * 1000;
    let now = second;
    const at = createTokenVerifier(hs256, () => now);
    const token = (nbf: number, exp: number) => handmade({ alg: "HS256" }, { sub: "1", nbf, exp });
    expect(at(token(inAnHour + 5, inAnHour + 9)).id).toBe("1");
    expect(codeOf(() => at(token(inAnHour + 6, inAnHour + 9)))).toBe("INVALID_TOKEN");
    now = second - 1;
    expect(at(token(0, inAnHour - 5)).expiresAt).toBe(second);
    now = second;
    expect(codeOf(() => at(token(0, inAnHour - 5)))).toBe("TOKEN_EXPIRED");
    expect(codeOf(() => createTokenVerifier(hs256, () => now)(token(0, inAnHour - 5)))).toBe("TOKEN_EXPIRED");
  });

  it("is verified with RS256 and ES256 where a public key is set", () => {
    for (const [pair, algorithm, settings] of [
      [rsa, "RS256", rs256],
      [ec, "ES256", es256],
    ] as const) {
      const token = jwt.sign({ sub: "7" }, pair.privateKey, { algorithm, expiresIn: "1h" });
      expect(createTokenVerifier(settings)(token).id).toBe("7");
    }
  });

  it("must name the issuer and the audience where they are set", () => {
    const strict = createTokenVerifier({ ...hs256, issuer: "school", audience: "classwire" });
    expect(strict(sign({ sub: "1" }, { issuer: "school", audience: "classwire" })).id).toBe("1");
    expect(codeOf(() => strict(sign({ sub: "1" }, { issuer: "other", audience: "classwire" })))).toBe("INVALID_TOKEN");
    expect(codeOf(() => strict(sign({ sub: "1" }, { issuer: "school", audience: "other" })))).toBe("INVALID_TOKEN");
    expect(codeOf(() => strict(sign({ sub: "1" })))).toBe("INVALID_TOKEN");
  });
});

describe("a token that is refused", () => {
  it.each([
    ["is no token", "not a token"],
    ["is empty", ""],
    ["has alg none", `${b64({ alg: "none", typ: "JWT" })}.${b64({ sub: "1", exp: inAnHour })}.`],
    ["is signed with another key", jwt.sign({ sub: "1" }, "another secret of at least 32 bytes!", { expiresIn: "1h" })],
    ["is signed with another algorithm of the same family", sign({ sub: "1" }, { algorithm: "HS512" })],
    ["is not valid yet", sign({ sub: "1" }, { notBefore: 600 })],
    ["never expires", jwt.sign({ sub: "1" }, secret)],
    ["has an unknown crit header", handmade({ alg: "HS256", crit: ["x"], x: 1 }, { sub: "1", exp: inAnHour })],
    ["is over 4 KB", sign({ sub: "1", padding: "x".repeat(4096) })],
    ["has an array for a payload", handmade({ alg: "HS256" }, [{ sub: "1", exp: inAnHour }])],
    ["has a string for a payload", handmade({ alg: "HS256" }, "sub")],
    ["names nobody", sign({ role: "admin" })],
    ["has an id that is no string or number", sign({ user_id: { $gt: "" } })],
    ["has an id that is too long", sign({ sub: "x".repeat(129) })],
    ["has an id that no database keeps", sign({ sub: "x\u0000" })],
    ["has a number that was rounded for an id", written(`{"sub":1234567890123456.5,"exp":${inAnHour}}`)],
    ["has a number without end for an id", written(`{"sub":1e999,"exp":${inAnHour}}`)],
  ])("because it %s", (_why, token) => {
    expect(codeOf(() => verify(token))).toBe("INVALID_TOKEN");
  });

  it("that lives longer than the setting allows, or does not say since when, is refused where one is set", () => {
    const week = createTokenVerifier({ ...hs256, maxDays: 7 });
    const iat = inAnHour - 3600;
    expect(week(sign({ sub: "7", iat }, { expiresIn: "7d" })).id).toBe("7");
    const long = sign({ sub: "7", iat }, { expiresIn: 7 * 86_400 + 1 });
    expect(refusalOf(() => week(long))).toMatchObject({
      code: "INVALID_TOKEN",
      reason: "it lives longer than TOKEN_MAX_DAYS",
    });
    const withoutIat = handmade({ alg: "HS256", typ: "JWT" }, { sub: "7", exp: inAnHour });
    expect(refusalOf(() => week(withoutIat)).reason).toContain("iat is missing");
    expect([verify(long).id, verify(withoutIat).id]).toEqual(["7", "7"]);
  });

  it("because its HMAC was made with the public key", () => {
    const [header, payload] = [b64({ alg: "HS256", typ: "JWT" }), b64({ sub: "1", exp: inAnHour })];
    const signature = createHmac("sha256", rsa.publicKey).update(`${header}.${payload}`).digest("base64url");
    const verifyRsa = createTokenVerifier(rs256);
    expect(codeOf(() => verifyRsa(`${header}.${payload}.${signature}`))).toBe("INVALID_TOKEN");
  });

  it.each([
    ["it is no JWT", "nonsense"],
    ["it is no JWT", `${b64({ alg: "HS256", typ: "JWT" })}.bm90IEpTT04.AA`],
    ["it is over 4096 bytes", "x".repeat(5000)],
    ["it is not signed", `${b64({ alg: "none" })}.${b64({ sub: "1" })}.`],
    ["its algorithm is not the key's", sign({ sub: "1" }, { algorithm: "HS512" })],
    ["its signature does not match the key", jwt.sign({ sub: "1" }, "another secret of at least 32 bytes!")],
    ["the header crit asks for what is not known here", handmade({ alg: "HS256", crit: ["x"] }, { sub: "1" })],
    ["the payload is no object", handmade({ alg: "HS256" }, [1])],
    ["the payload is no object", written("7")],
    ["it is no JWT", written("null")],
    ["exp is missing", jwt.sign({ sub: "1" }, secret)],
    ["exp is missing", written('{"sub":"1","exp":null}')],
    ["exp is no number", written('{"sub":"1","exp":"soon"}')],
    ["nbf is no number", written(`{"sub":"1","exp":${inAnHour},"nbf":"soon"}`)],
    ["iat is no number", written(`{"sub":"1","exp":${inAnHour},"iat":"soon"}`)],
    ["nbf is in the future", sign({ sub: "1" }, { notBefore: 600 })],
    ["none of sub, user_id, userId, id is there", sign({ role: "admin" })],
    ["sub is no user id: 1 to 128 characters, or a number in digits", sign({ sub: "" })],
    ["userId is no user id: 1 to 128 characters, or a number in digits", sign({ userId: {}, id: "1" })],
    ["jti is no text of at most 256 characters", sign({ sub: "1", jti: "j".repeat(257) })],
    ["exp is in the past", sign({ sub: "1" }, { expiresIn: -10 })],
  ])("with the reason for the log: %s", (reason, token) => {
    const refusal = refusalOf(() => verify(token));
    expect(refusal.reason).toBe(reason);
    expect(JSON.stringify(refusal.body)).not.toContain(reason);
  });

  it("with the reason for the log: issuer and audience", () => {
    const strict = createTokenVerifier({ ...hs256, issuer: "school", audience: "classwire" });
    expect(refusalOf(() => strict(sign({ sub: "1", aud: "classwire" }))).reason).toBe("iss is not JWT_ISSUER");
    expect(refusalOf(() => strict(sign({ sub: "1", iss: "school" }))).reason).toBe("aud is not JWT_AUDIENCE");
    // Expired and meant for others: not merely expired.
    expect(codeOf(() => strict(sign({ sub: "1", iss: "other" }, { expiresIn: -10 })))).toBe("INVALID_TOKEN");
  });

  it("because it has expired, also when it was good before", () => {
    expect(codeOf(() => verify(sign({ sub: "1" }, { expiresIn: -6 })))).toBe("TOKEN_EXPIRED");
    let now = Date.now();
    const later = createTokenVerifier(hs256, () => now);
    const token = sign({ sub: "1" }, { expiresIn: 60 });
    expect(later(token).id).toBe("1");
    now += 66_000;
    expect(codeOf(() => later(token))).toBe("TOKEN_EXPIRED");
  });
});
