// The channels that may have become too long: those that this node has appended much to since they were trimmed last.
import type { LoggedEvent } from "../contract/durable.ts";

/** Notes channels on their way through `retention.count`, so that nobody has to look at all of them. */
export interface BusyChannels {
  /** Events that were committed just now. */
  committed(events: readonly LoggedEvent[]): void;
  /** Takes up to `most` of those noted. */
  take(most: number): string[];
  /** Notes channels again: they could not be trimmed now. */
  putBack(channels: readonly string[]): void;
}

/** Channels noted at most, some megabytes. What is not noted is found when its row is passed (`retention.ts`). */
const MOST = 10_000;

/**
 * Creates the notes of one node. A channel is noted with each tenth of `count` that it grows by, hence it exceeds `count` by a
 * tenth at most, and one with few events costs nothing.
 */
export function createBusyChannels(count: number): BusyChannels {
  const step = Math.max(1, Math.floor(count / 10));
  const noted = new Set<string>();
  const note = (channel: string): void => {
    if (noted.size < MOST) noted.add(channel);
  };
  return {
    committed(events) {
      for (const { channel, offset } of events) if (offset % step === 0) note(channel);
    },
    take(most) {
      const channels = [...noted].slice(0, most);
      for (const channel of channels) noted.delete(channel);
      return channels;
    },
    putBack: (channels) => channels.forEach(note),
  };
}
