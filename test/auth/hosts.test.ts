// Host names: under which of them a node answers.
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { createHostCheck } from "../../src/auth/hosts.ts";

const allows = createHostCheck({
  kind: "list",
  names: ["0.0.0.0", "school.example", "*.class.example", "[2001:db8::7]"],
});
const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);

describe("a node with a list answers under", () => {
  it.each([
    "school.example",
    "school.example:8080",
    "School.EXAMPLE.",
    "a.class.example",
    "a.b.class.example:1",
    "[2001:DB8:0::7]:80",
    "0.0.0.0:8080",
    "localhost",
    "localhost:5173",
    "LOCALHOST.",
    "app.localhost:80",
    "127.0.0.1:8080",
    "127.8.9.1",
    "[::1]:8080",
    "[::1]",
    "",
    undefined,
    ...own.map(({ address, family }) => (family === "IPv6" ? `[${address}]:8080` : address)),
  ])("%s", (host) => {
    expect(allows(host)).toBe(true);
  });
});

describe("a node with a list does not answer under", () => {
  it.each([
    "evil.example",
    "evil.example:8080",
    "class.example",
    "evilclass.example",
    "school.example.evil.example",
    "localhost.evil.example",
    "evil.example#localhost",
    "evil.example/localhost",
    "localhost@evil.example",
    "localhost\\.evil.example",
    "notlocalhost",
    "198.51.100.7",
    "[2001:db8::8]",
    "127.0.0.1.evil.example",
    "a b",
    ":80",
    "[::1",
  ])("%s", (host) => {
    expect(allows(host)).toBe(false);
  });
});

it("a node without a list answers under any name", () => {
  expect(createHostCheck({ kind: "any" })("evil.example")).toBe(true);
});
