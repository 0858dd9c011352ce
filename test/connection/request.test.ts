// What is read off a request: one address has one form, a token has one place, and no header is slow to read.
import { describe, expect, it } from "vitest";
import { addressOf, bearerOf, pathOf, queryOf, tokenOf } from "../../src/connection/request.ts";
import { next, startClasswire } from "../support/classwire.ts";
import { connect, refusedUpgrade } from "../support/raw-client.ts";

const from = (remoteAddress: string | undefined) => ({ socket: { remoteAddress } }) as Parameters<typeof addressOf>[0];

it.each([
  ["10.0.0.1", "10.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:10.0.0.1", "10.0.0.1"],
  ["::1", "::1"],
  ["::ffff:a00:1", "::ffff:a00:1"],
  [undefined, ""],
])("the address %s is %s", (given, address) => {
  expect(addressOf(from(given))).toBe(address);
});

it("a target has a path and a query", () => {
  expect(pathOf("/ws?token=a?b")).toBe("/ws");
  expect(pathOf(undefined)).toBe("");
  expect({ ...queryOf("/ws?a=1&b=2&b=3&__proto__=x") }).toEqual({ a: "1", b: ["2", "3"], ["__proto__"]: "x" });
  expect(Object.getPrototypeOf(queryOf("/"))).toBeNull();
});

describe("a token", () => {
  it.each([
    ["Bearer a.b.c", "a.b.c"],
    ["bearer   a.b.c  ", "a.b.c"],
    ["BEARER a", "a"],
    ["Bearer a b", undefined],
    ["Bearer ", undefined],
    ["Bearer", undefined],
    ["Basic a", undefined],
    [undefined, undefined],
  ])("of %j is %j", (header, token) => {
    expect(bearerOf(header)).toBe(token);
  });

  it("of the header goes before that of the query, and an empty one is none", () => {
    expect(tokenOf("Bearer a", { token: "b" })).toBe("a");
    expect(tokenOf(undefined, { token: "b" })).toBe("b");
    expect(tokenOf("", { token: "" })).toBeUndefined();
    expect(tokenOf(undefined, { token: ["a", "b"] })).toBeUndefined();
  });
});

it("bad tokens have one budget per address, whatever the transport and however the system writes the address", async () => {
  const server = await startClasswire({ CONNECT_ATTEMPTS_PER_MINUTE: "3" });
  let remoteAddress = "";
  server.classwire.server.prependListener("connection", (socket) => {
    Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  });
  const bySocketIo = async () => (await next(server.connect("/channels", "bad.token"), "connect_error"))[0].data.code;
  const byHttp = async () => {
    const { status } = await fetch(`${server.url}/api/v1/dashboard/5`, {
      headers: { authorization: "Bearer bad", connection: "close" },
    });
    return status;
  };
  const raw = `${server.url.replace("http", "ws")}/?token=bad`;

  remoteAddress = "::ffff:192.0.2.7";
  expect(await bySocketIo()).toBe("INVALID_TOKEN");
  remoteAddress = "192.0.2.7";
  expect(await byHttp()).toBe(401);
  remoteAddress = "::FFFF:192.0.2.7";
  expect((await (await connect(raw)).closed).code).toBe(1008);

  for (remoteAddress of ["192.0.2.7", "::ffff:192.0.2.7"]) {
    expect(await bySocketIo()).toBe("RATE_LIMIT");
    expect(await byHttp()).toBe(429);
    expect((await refusedUpgrade(raw)).status).toBe(429);
  }
  remoteAddress = "192.0.2.8";
  expect(await bySocketIo()).toBe("INVALID_TOKEN");
  await server.close();
});
