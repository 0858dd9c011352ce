// The users of the long soak, by the number of its clients: both of its processes know them so.

/** Their names. */
export function userNames(clients: number): string[] {
  return Array.from({ length: clients }, (_, index) => `soak-${index}`);
}
