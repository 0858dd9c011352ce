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

it("lets in what is listed, and no other", () => {
  const allows = createOriginCheck({ kind: "list", origins: ["https://school.example"] });
  expect(allows("https://school.example", host)).toBe(true);
  expect(allows("https://school.example.evil.example", host)).toBe(false);
  expect(allows("http://school.example", host)).toBe(false);
});

it.each([
  ["https://school.example:443", "https://school.example"],
  ["https://school.example", "HTTPS://School.Example"],
  ["https://school.example.", "https://school.example"],
  ["https://school.example", "https://school.example."],
  ["http://a.example:80", "http://a.example"],
  ["http://a.example:8000", "http://A.example.:8000"],
  ["https://[::1]:8443", "https://[0:0::1]:8443"],
  ["capacitor://localhost", "capacitor://localhost"],
  ["https://课程.example", "https://xn--9nzo18a.example"],
])("takes %s in the list and %s for the same", (listed, origin) => {
  expect(createOriginCheck({ kind: "list", origins: [listed] })(origin, host)).toBe(true);
});

it.each([
  ["http://school.example:8080", "school.example:8080", true],
  ["http://school.example", "school.example", true],
  ["https://school.example", "school.example", true],
  ["https://school.example", "school.example:443", true],
  ["https://school.example:443", "school.example", true],
  ["http://school.example", "school.example:80", true],
  ["HTTP://School.Example.", "SCHOOL.example", true],
  ["http://school.example", "school.example.", true],
  ["http://[::1]:8080", "[0:0::1]:8080", true],
  ["https://school.example", "school.example:80", false],
  ["http://school.example", "school.example:443", false],
  ["http://school.example:8081", "school.example:8080", false],
  ["http://school.example:443", "school.example", false],
  ["http://school.example", "school.example:8080", false],
  ["http://other.example", "school.example", false],
  ["http://school.example", undefined, false],
  ["http://school.example", "", false],
  ["http://school.example@evil.example", "school.example", false],
  ["http://evil.example/school.example", "school.example", false],
  ["capacitor://school.example", "school.example", false],
  ["null", "null", false],
])(
  "a page of %s that calls %s is the server's own: %s, whether or not others are listed",
  (origin, called, allowed) => {
    for (const rule of [
      { kind: "list", origins: ["https://elsewhere.example"] },
      { kind: "same-origin", localhost: false },
    ] as const) {
      expect(createOriginCheck(rule)(origin, called)).toBe(allowed);
    }
  },
);

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
