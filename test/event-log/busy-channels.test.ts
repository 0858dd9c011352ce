// Which channels are noted as perhaps too long: few of those that grow, and never more than fit.
import { expect, test } from "vitest";
import { createBusyChannels } from "../../src/event-log/busy-channels.ts";

const event = (channel: string, offset: number) => ({ channel, offset, id: "i", event: "e", data: {}, timestamp: 0 });

test("a channel is noted once for each tenth of the count, and forgotten when it is taken", () => {
  const busy = createBusyChannels(1_000);
  busy.committed(Array.from({ length: 99 }, (_, n) => event("rooms/few", n + 1)));
  expect(busy.take(10)).toEqual([]);
  busy.committed(Array.from({ length: 200 }, (_, n) => event("rooms/many", 1_950 + n)));
  expect(busy.take(10)).toEqual(["rooms/many"]);
  expect(busy.take(10)).toEqual([]);
  busy.putBack(["rooms/many"]);
  expect(busy.take(10)).toEqual(["rooms/many"]);
});

test("there are ten thousand at most, taken bit by bit", () => {
  const busy = createBusyChannels(1);
  busy.committed(Array.from({ length: 12_000 }, (_, n) => event(`rooms/${n}`, 1)));
  expect(busy.take(500)).toHaveLength(500);
  expect(busy.take(20_000)).toHaveLength(9_500);
});
