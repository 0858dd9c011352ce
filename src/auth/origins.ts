// Which pages may connect: the check of the `Origin` header (RFC 6454), for every transport and for the HTTP API.
import type { OriginRule } from "../config/config.ts";

/** Whether a request with these `Origin` and `Host` headers is allowed. Without an `Origin` it is not a browser's: allowed. */
export type AllowsOrigin = (origin: string | undefined, host: string | undefined) => boolean;

/** Creates the check for a rule. */
export function createOriginCheck(rule: OriginRule): AllowsOrigin {
  return (origin, host) => {
    if (origin === undefined || rule.kind === "any") return true;
    if (rule.kind === "list") return rule.origins.includes(origin);
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    if (url.host === host) return true;
    return rule.localhost && /^(localhost|.*\.localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  };
}
