// Networks: which addresses are in them, and whose address a call comes from.
import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { createNetworkCheck, isForwarded, LOOPBACK } from "../../src/auth/network.ts";

it("an address is in a network by its prefix, in its own family only", () => {
  const inNetwork = createNetworkCheck([
    { address: "10.1.0.0", prefix: 16, family: "ipv4" },
    { address: "fd00::", prefix: 8, family: "ipv6" },
  ]);
  expect(["10.1.0.1", "10.1.255.255", "fd12::1"].filter((address) => !inNetwork(address))).toEqual([]);
  expect(["10.2.0.1", "fe80::1", "::", "0.0.0.0"].filter(inNetwork)).toEqual([]);
});

it("what is no address is in no network", () => {
  const everything = createNetworkCheck([
    { address: "0.0.0.0", prefix: 0, family: "ipv4" },
    { address: "::", prefix: 0, family: "ipv6" },
  ]);
  expect(["", "localhost", "10.1.0.1:80", "10.1"].filter(everything)).toEqual([]);
  expect(createNetworkCheck([])("127.0.0.1")).toBe(false);
});

it("loopback is this machine, in both families", () => {
  const isLoopback = createNetworkCheck(LOOPBACK);
  expect(["127.0.0.1", "127.9.9.9", "::1"].map(isLoopback)).toEqual([true, true, true]);
  expect(["128.0.0.1", "::2", "192.168.0.1"].filter(isLoopback)).toEqual([]);
});

it("a call that a proxy passes on says so in either of two headers", () => {
  const call = (headers: Record<string, string>) => isForwarded({ headers } as unknown as IncomingMessage);
  expect(call({ "x-forwarded-for": "203.0.113.9" })).toBe(true);
  expect(call({ forwarded: "for=203.0.113.9" })).toBe(true);
  expect(call({ host: "school.example" })).toBe(false);
});
