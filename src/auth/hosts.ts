// Under which names this node may be called: a page whose name was made to resolve to this machine (DNS rebinding) is not.
import { networkInterfaces } from "node:os";
import type { HostRule } from "../config/config.ts";
import { addressIn, hostOf, isLoopbackName } from "./host-names.ts";

/** Whether a request with this `Host` header is answered. Without one it is no browser's. */
export type AllowsHost = (host: string | undefined) => boolean;

/**
 * Creates the check for a rule. A list allows its names (`*.school.example`: those below that), `localhost` and names below it,
 * loopback addresses, and the addresses of this machine.
 */
export function createHostCheck(rule: HostRule): AllowsHost {
  if (rule.kind === "any") return () => true;
  const names = new Set(rule.names);
  const parents = rule.names.filter((name) => name.startsWith("*.")).map((name) => name.slice(1));
  return (host) => {
    if (host === undefined || host === "") return true;
    const name = hostOf(host)?.name;
    if (name === undefined) return false;
    return (
      names.has(name) ||
      isLoopbackName(name) ||
      parents.some((parent) => name.endsWith(parent)) ||
      isOwnAddress(addressIn(name))
    );
  };
}

/** Asked anew each time: machines change their networks. */
function isOwnAddress(address: string): boolean {
  if (address === "") return false;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some((candidate) => candidate.address === address);
}
