// Whether the database still has what it has committed: a failover, a restore or a lost disk write may have taken it back.
import type { LoggedEvent } from "../contract/durable.ts";
import type { Store } from "../store/store.ts";
import { type ChannelBounds, readHeads } from "./reading.ts";

/** How many channels, those written last, the watch knows the last offset of that this node has seen committed. */
const MOST_CHANNELS = 1000;

/** Knows the newest event that this node has seen committed. Commits are lost from the newest on: it stands for all before it. */
export interface HistoryWatch {
  /**
   * Events that were committed just now. One that has an offset which was committed before shows that the earlier one is gone: under
   * load, heads are soon as high again as they were.
   */
  committed(events: readonly LoggedEvent[]): void;
  /**
   * Reads the bounds of channels, and begins a new epoch if the head of one of them, or of the channel written last, is below
   * what was known of it before. Also looks whether the database or another node has begun one. Rejects with the driver's error.
   * @param known the head of each channel, as seen before the call
   */
  compare(known: ReadonlyMap<string, number>): Promise<Map<string, ChannelBounds>>;
}

/** Creates the watch of one node. */
export function createHistoryWatch(store: Store): HistoryWatch {
  let newest: LoggedEvent | undefined;
  /** The channel written last stands last. */
  const written = new Map<string, number>();
  /** Something is gone, and no new epoch has begun yet. */
  let isGone = false;
  store.history.onChange(() => {
    newest = undefined;
    written.clear();
    isGone = false;
  });

  return {
    committed(events) {
      newest = events.at(-1) ?? newest;
      for (const { channel, offset } of events) {
        if (offset <= (written.get(channel) ?? 0)) isGone = true;
        written.delete(channel);
        written.set(channel, offset);
      }
      for (const channel of written.keys()) {
        if (written.size <= MOST_CHANNELS) break;
        written.delete(channel);
      }
      // If it fails, the next comparison begins the epoch.
      if (isGone) store.history.renew().catch(() => undefined);
    },
    async compare(known) {
      await store.history.check();
      const expected = new Map(known);
      if (newest !== undefined) expected.set(newest.channel, Math.max(newest.offset, known.get(newest.channel) ?? 0));
      const bounds = await readHeads(store, [...expected.keys()]);
      const isBelow = [...expected].some(([channel, head]) => (bounds.get(channel)?.head ?? 0) < head);
      if (isBelow || isGone) await store.history.renew();
      return bounds;
    },
  };
}
