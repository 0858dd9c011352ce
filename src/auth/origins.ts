// Which pages may connect: the check of the `Origin` header (RFC 6454), for every transport and for the HTTP API.
import type { OriginRule } from "../config/config.ts";
import { hostOf, isLoopbackName, type Origin, originOf } from "./host-names.ts";

/** Whether a request with these `Origin` and `Host` headers is allowed. Without an `Origin` it is not a browser's: allowed. */
export type AllowsOrigin = (origin: string | undefined, host: string | undefined) => boolean;

/** Creates the check for a rule. The node's own pages are always allowed: those whose origin is the host that they call. */
export function createOriginCheck(rule: OriginRule): AllowsOrigin {
  const listed = new Set(rule.kind === "list" ? rule.origins.map((origin) => originOf(origin)?.text) : []);
  return (origin, host) => {
    if (origin === undefined || rule.kind === "any") return true;
    const page = originOf(origin);
    if (page === undefined) return false;
    if (listed.has(page.text) || isSame(page, host)) return true;
    return rule.kind === "same-origin" && rule.localhost && isLoopbackName(page.name);
  };
}

/** Only a proxy knows by which scheme it was called: a host without a port has the default one of the page's scheme. */
function isSame(page: Origin, header: string | undefined): boolean {
  const host = header === undefined ? undefined : hostOf(header);
  if (host === undefined || host.name !== page.name) return false;
  return host.port === undefined ? page.hasDefaultPort : host.port === page.port;
}
