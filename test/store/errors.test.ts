// Which errors mean that the database is away. That real ones are recognised, the outage tests show.
import { describe, expect, it } from "vitest";
import { DatabaseBrokenError, isSilence, isUnable, isUnavailable, TimeoutError } from "../../src/store/errors.ts";

const coded = (code: string) => Object.assign(new Error("x"), { code });
const ofPrisma = (cause: object, code = "P2010") =>
  Object.assign(coded(code), { meta: { driverAdapterError: { cause } } });

describe("isUnavailable", () => {
  it.each([
    ["connection failure", coded("08006")],
    ["disk full", coded("53100")],
    ["too many connections", coded("53300")],
    ["statement timeout", coded("57014")],
    ["shutdown by the administrator", coded("57P01")],
    ["starting up", coded("57P03")],
    ["I/O error", coded("58030")],
    ["internal error", coded("XX000")],
    ["read only", coded("25006")],
    ["lock timeout", coded("55P03")],
    ["connection refused", coded("ECONNREFUSED")],
    ["no space left", coded("ENOSPC")],
    ["Prisma cannot reach it", coded("P1001")],
    ["no transaction in time", coded("P2028")],
    ["a raw query of Prisma that cannot reach it", ofPrisma({ kind: "DatabaseNotReachable" })],
    ["a raw query of Prisma on a full disk", ofPrisma({ kind: "postgres", originalCode: "53100" })],
    ["pg's silent timeout", new Error("Query read timeout")],
    ["a connection cut", new Error("Connection terminated unexpectedly")],
    ["no answer in time", new TimeoutError("x")],
    ["a breakdown", new DatabaseBrokenError("x")],
    ["a cause", new Error("x", { cause: coded("ECONNRESET") })],
  ])("is true for %s", (_what, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  it.each([
    ["a violated constraint", coded("23505")],
    ["bad SQL", coded("42601")],
    ["a value out of range", coded("22003")],
    ["a serialization failure", coded("40001")],
    ["Prisma's unique violation", ofPrisma({ kind: "UniqueConstraintViolation", originalCode: "23505" }, "P2002")],
    ["a bug", new TypeError("x is not a function")],
    ["no error", undefined],
    ["a string", "ECONNREFUSED"],
  ])("is false for %s", (_what, error) => {
    expect(isUnavailable(error)).toBe(false);
  });

  it("does not run round in circles", () => {
    const error = new Error("x");
    error.cause = error;
    expect(isUnavailable(error)).toBe(false);
  });
});

describe("isUnable", () => {
  it.each([
    ["disk full", "53100"],
    ["I/O error", "58030"],
    ["internal error", "XX000"],
    ["read only", "25006"],
  ])("is true for %s", (_what, code) => expect(isUnable(coded(code))).toBe(true));

  it.each([
    ["statement timeout", "57014"],
    ["a violated constraint", "23505"],
    ["connection refused", "ECONNREFUSED"],
  ])("is false for %s", (_what, code) => expect(isUnable(coded(code))).toBe(false));
});

describe("isSilence", () => {
  it("is true for an answer that did not come, and false for one that did", () => {
    const silent = ["Query read timeout", "Connection terminated due to connection timeout"].map(
      (text) => new Error(text),
    );
    expect([...silent, new TimeoutError("x")].map(isSilence)).toEqual([true, true, true]);
    const loud = [coded("57014"), coded("ECONNREFUSED"), new Error("Connection terminated unexpectedly"), undefined];
    expect(loud.map(isSilence)).toEqual([false, false, false, false]);
  });
});
