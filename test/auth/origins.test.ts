// Origins: which pages may connect.
import { expect, it } from "vitest";
import { createOriginCheck } from "../../src/auth/origins.ts";

const host = "school.example:8080";

it("lets everything in that is no browser", () => {
  for (const rule of [
    { kind: "list", origins: [] },
    { kind: "same-origin", localhost: false },
  ] as const) {
    expect(createOriginCheck(rule)(undefined, host)).toBe(true);
  }
});

it("lets in what is listed, to the letter", () => {
  const allows = createOriginCheck({ kind: "list", origins: ["https://school.example"] });
  expect(allows("https://school.example", host)).toBe(true);
  expect(allows("https://school.example.evil.example", host)).toBe(false);
  expect(allows("http://school.example", host)).toBe(false);
});

it("lets in the server's own origin, and any localhost in development only", () => {
  const strict = createOriginCheck({ kind: "same-origin", localhost: false });
  const relaxed = createOriginCheck({ kind: "same-origin", localhost: true });
  expect(strict("https://school.example:8080", host)).toBe(true);
  expect(strict("http://localhost:5173", host)).toBe(false);
  expect(relaxed("http://localhost:5173", host)).toBe(true);
  expect(relaxed("http://127.0.0.1:3000", host)).toBe(true);
  expect(relaxed("https://localhost.evil.example", host)).toBe(false);
  expect(relaxed("null", host)).toBe(false);
});

it("lets everyone in where the operator says so", () => {
  expect(createOriginCheck({ kind: "any" })("https://anywhere.example", host)).toBe(true);
});
