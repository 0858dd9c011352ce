// Finding the route of a path without a server, for the calls of a batch.
import { invalid } from "./failures.ts";
import { parametersOf } from "./paths.ts";
import type { Route } from "./route.ts";

/** A route with the parameters that a path gives it. */
export interface Found {
  route: Route;
  params: Record<string, string>;
}

/**
 * Makes the search.
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
    throw invalid("path", "is not valid percent-encoding");
  }
}
