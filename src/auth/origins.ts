// Which pages may connect: the check of the `Origin` header, for every transport and for the HTTP API.

/** The operator's rule, see `ALLOWED_ORIGINS`. */
export type OriginRule =
  | { readonly kind: "any" }
  | { readonly kind: "list"; readonly origins: readonly string[] }
  | { readonly kind: "same-origin"; readonly localhost: boolean };

/** True when a request with this `Origin` (undefined: no browser) for this `Host` may go on. */
export type AllowsOrigin = (origin: string | undefined, host: string | undefined) => boolean;

/** Makes the check for a rule. */
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
