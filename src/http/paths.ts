// Paths of routes as Express writes them (`/rooms/:room`): filling them in, and finding the route of a path.
import { Failure } from "../contract/errors.ts";
import type { Route } from "./route.ts";

/** The path with its parameters filled in: one way of writing it, whatever a caller wrote. */
export function pathOf(pattern: string, params: Readonly<Record<string, unknown>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

/** The names of a path's parameters, in order. */
export function parametersOf(pattern: string): string[] {
  return [...pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
}

/** A route with the parameters that a path gives it. */
export interface Found {
  route: Route;
  params: Record<string, string>;
}

/**
 * Makes the search for the route of a path, without a server.
 * @returns a function; undefined when no route has the path. Throws `INVALID_MESSAGE` for a broken percent-encoding
 */
export function createFinder(routes: readonly Route[]): (path: string) => Found | undefined {
  const patterns = routes.map((route) => ({
    route,
    names: parametersOf(route.path),
    pattern: new RegExp(`^${route.path.replace(/[.]/g, "\\.").replace(/:\w+/g, "([^/]+)")}$`),
  }));
  return (path) => {
    for (const { route, names, pattern } of patterns) {
      const match = pattern.exec(path);
      if (match === null) continue;
      return { route, params: Object.fromEntries(names.map((name, at) => [name, decode(match[at + 1] ?? "")])) };
    }
    return undefined;
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Failure("INVALID_MESSAGE", "path: is not valid percent-encoding", {
      fields: { path: "is not valid percent-encoding" },
    });
  }
}
