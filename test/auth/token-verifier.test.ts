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

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Failure ? error.code : `threw ${String(error)}`;
  }
  return "accepted";
}

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
    ["has an unknown role", sign({ sub: "1", role: "root" })],
  ])("because it %s", (_why, token) => {
    expect(codeOf(() => verify(token))).toBe("INVALID_TOKEN");
  });

  it("because its HMAC was made with the public key", () => {
    const [header, payload] = [b64({ alg: "HS256", typ: "JWT" }), b64({ sub: "1", exp: inAnHour })];
    const signature = createHmac("sha256", rsa.publicKey).update(`${header}.${payload}`).digest("base64url");
    const verifyRsa = createTokenVerifier(rs256);
    expect(codeOf(() => verifyRsa(`${header}.${payload}.${signature}`))).toBe("INVALID_TOKEN");
  });

  it("because it has expired, also when it was good before", () => {
    expect(codeOf(() => verify(sign({ sub: "1" }, { expiresIn: -1 })))).toBe("TOKEN_EXPIRED");
    let now = Date.now();
    const later = createTokenVerifier(hs256, () => now);
    const token = sign({ sub: "1" }, { expiresIn: 60 });
    expect(later(token).id).toBe("1");
    now += 61_000;
    expect(codeOf(() => later(token))).toBe("TOKEN_EXPIRED");
  });
});
