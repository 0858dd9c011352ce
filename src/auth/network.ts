// Networks: whether an address is in one of them, and whether a proxy stands in between.
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { Cidr } from "../config/fields.ts";

/** Whether an IP address, in text form, is in certain networks. */
export type InNetwork = (address: string) => boolean;

/** This machine (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export const LOOPBACK: readonly Cidr[] = [
  { address: "127.0.0.0", prefix: 8, family: "ipv4" },
  { address: "::1", prefix: 128, family: "ipv6" },
];

/** Creates the check for a list of networks. No text that is not an IP address is in any of them. */
export function createNetworkCheck(cidrs: readonly Cidr[]): InNetwork {
  const networks = new BlockList();
  for (const { address, prefix, family } of cidrs) networks.addSubnet(address, prefix, family);
  return (address) => {
    const version = isIP(address);
    return version !== 0 && networks.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}

/** Whether a proxy says that it forwards somebody else's request: the peer's address then says nothing about the caller. */
export function isForwarded({ headers }: IncomingMessage): boolean {
  return headers.forwarded !== undefined || headers["x-forwarded-for"] !== undefined;
}
