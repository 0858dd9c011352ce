// Paths of routes as Express writes them (`/rooms/:room`): their parameters, and filling them in.

/** The path with its parameters filled in: one way of writing it, whatever a caller wrote. */
export function pathOf(pattern: string, params: Readonly<Record<string, unknown>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

/** The names of a path's parameters, in order. */
export function parametersOf(pattern: string): string[] {
  return [...pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
}
