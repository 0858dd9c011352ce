// Host names and ports in one spelling: of `Host` headers, and of the origins that browsers send.
import { isIP } from "node:net";
import { createNetworkCheck, LOOPBACK } from "./network.ts";

/** A host in one spelling: lower case, no dot at its end, IP addresses in their usual form and IPv6 ones in brackets. */
export interface NamedHost {
  readonly name: string;
  /** As it is given, or that of the scheme; undefined where neither says. */
  readonly port: number | undefined;
}

/** The host in a `Host` header (RFC 9110, 7.2), or undefined where that is none. */
export function hostOf(header: string): NamedHost | undefined {
  const url = urlOf(`http://${header}`);
  if (url === undefined) return undefined;
  // `:80` is written there by some clients, and the URL standard takes it away.
  const port = /:(\d+)$/.exec(header)?.[1];
  return { name: nameOf(url), port: port === undefined ? undefined : Number(port) };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** An origin (RFC 6454): the scheme and host of a page. */
export interface Origin extends NamedHost {
  /** The whole of it in one spelling, to be compared. */
  readonly text: string;
  /** Whether the port is that of the scheme. Schemes of apps (`capacitor://localhost`) have none. */
  readonly hasDefaultPort: boolean;
}

/** The origin in an `Origin` header, or undefined where that is none: `null` is none, any page can send it. */
export function originOf(header: string): Origin | undefined {
  const url = urlOf(header);
  if (url === undefined) return undefined;
  const name = nameOf(url);
  const hasDefaultPort = url.port === "" && url.protocol in DEFAULT_PORTS;
  const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  return { name, port, hasDefaultPort, text: `${url.protocol}//${name}:${port ?? ""}` };
}

/** Whether a name in that spelling is that of this machine for itself: `localhost`, names below it, loopback addresses. */
export function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || isLoopback(addressIn(name));
}

/** The IP address that a host is, without brackets; "" for a name. */
export function addressIn(name: string): string {
  const address = name.replace(/^\[|\]$/g, "");
  return isIP(address) === 0 ? "" : address;
}

const isLoopback = createNetworkCheck(LOOPBACK);

/** Scheme and host, and nothing else: no user, path or query. */
function urlOf(text: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

function nameOf({ hostname }: URL): string {
  return hostname.toLowerCase().replace(/\.$/, ""); // app schemes keep their case
}
