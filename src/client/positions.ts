// How far each channel has been handled, kept in a storage: an offset and the epoch that it belongs to.
import type { OffsetStorage } from "./storage.ts";

/** Everything up to `offset` of the log `epoch` has been handled. */
export interface Position {
  offset: number;
  epoch: string;
}

/** The positions of one user on one server. */
export interface Positions {
  load(channel: string): Promise<Position | undefined>;
  save(channel: string, position: Position): Promise<void>;
}

/** Positions in `storage`; the keys name server, user and channel, so that one storage may serve several. */
export function createPositions(storage: OffsetStorage, server: string, user: string): Positions {
  const keyOf = (channel: string): string => `classwire ${server} ${user} ${channel}`;
  return {
    async load(channel) {
      return readPosition(await storage.get(keyOf(channel)));
    },
    async save(channel, position) {
      await storage.set(keyOf(channel), JSON.stringify(position));
    },
  };
}

/** A stored position; undefined for anything else that may stand there. */
function readPosition(text: string | null | undefined): Position | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (typeof value !== "object" || value === null || !("offset" in value) || !("epoch" in value)) return undefined;
    const { offset, epoch } = value;
    if (!Number.isSafeInteger(offset) || typeof offset !== "number" || offset < 0 || typeof epoch !== "string") return;
    return { offset, epoch };
  } catch {
    return undefined; // somebody else's value: as if there were none
  }
}
