// What every implementation of presence does on one node.
import { expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { uniqueKey } from "./unique-key.ts";

/** Runs over the cluster that `cluster` returns. */
export const presenceSuite = (cluster: () => Cluster): void => {
  it("knows the first and the last connection of a member", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room");
    expect(await presence.enter(group, "ann", "1")).toEqual({ first: true, members: 1 });
    expect(await presence.enter(group, "ann", "2")).toEqual({ first: false, members: 1 });
    expect(await presence.enter(group, "bob", "3")).toEqual({ first: true, members: 2 });
    expect(await presence.leave(group, "ann", "1")).toEqual({ last: false, members: 2 });
    expect(await presence.leave(group, "ann", "2")).toEqual({ last: true, members: 1 });
  });

  it("lists members sorted, finds those asked for, and counts", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room");
    for (const [member, connection] of [
      ["bob", "1"],
      ["用户", "2"],
      ["ann", "3"],
      ["ann", "4"],
    ] as const) {
      await presence.enter(group, member, connection);
    }
    expect(await presence.members(group)).toEqual(["ann", "bob", "用户"]);
    expect(await presence.online(group, ["zoe", "bob", "ann"])).toEqual(["bob", "ann"]);
    expect(await presence.online(group, [])).toEqual([]);
    expect(await presence.size(group)).toEqual({ connections: 4, members: 3 });
  });

  it("is empty where nobody has been", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room");
    expect(await presence.members(group)).toEqual([]);
    expect(await presence.online(group, ["ann"])).toEqual([]);
    expect(await presence.size(group)).toEqual({ connections: 0, members: 0 });
  });

  it("ignores a second entrance of a connection, and a leave of one that is not there", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room");
    await presence.enter(group, "ann", "1");
    expect(await presence.enter(group, "ann", "1")).toEqual({ first: false, members: 1 });
    expect(await presence.leave(group, "ann", "2")).toEqual({ last: false, members: 1 });
    expect(await presence.leave(group, "bob", "1")).toEqual({ last: false, members: 1 });
    expect(await presence.leave(group, "ann", "1")).toEqual({ last: true, members: 0 });
    expect(await presence.leave(group, "ann", "1")).toEqual({ last: false, members: 0 });
  });

  it("says first once and last once, whatever races", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room");
    const connections = Array.from({ length: 200 }, (_, index) => `c${index}`);
    const entered = await Promise.all(connections.map((one) => presence.enter(group, "ann", one)));
    expect(entered.filter((answer) => answer.first)).toHaveLength(1);
    expect(await presence.size(group)).toEqual({ connections: 200, members: 1 });
    const left = await Promise.all(connections.map((one) => presence.leave(group, "ann", one)));
    expect(left.filter((answer) => answer.last)).toHaveLength(1);
    expect(await presence.size(group)).toEqual({ connections: 0, members: 0 });
  });

  it("loses no leave that comes before the entrance has been answered", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room");
    await Promise.all([presence.enter(group, "ann", "1"), presence.leave(group, "ann", "1")]);
    expect(await presence.members(group)).toEqual([]);
  });

  it("keeps names apart whatever characters they have", async () => {
    const { presence } = cluster();
    const group = uniqueKey("room:数学:\u0000");
    await presence.enter(group, "a:b:\u0000c", "1:2");
    expect(await presence.members(group)).toEqual(["a:b:\u0000c"]);
    expect(await presence.leave(group, "a:b:\u0000c", "1:2")).toEqual({ last: true, members: 0 });
  });
};
