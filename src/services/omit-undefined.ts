// Objects without holes: what is kept as JSON has no undefined members.

/** The members that have a value, in their order. */
export function present(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
