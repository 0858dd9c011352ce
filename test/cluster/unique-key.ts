// Keys that no other test uses: the Redis of a run is shared.
import { randomUUID } from "node:crypto";

/** `name` with something random after it. */
export const uniqueKey = (name: string): string => `${name}-${randomUUID()}`;
