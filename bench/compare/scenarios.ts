// What is measured: each scenario runs on contenders that are up, in turns, and gives one figure for each.
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMicros, quantile, residentKiB } from "./accounting.ts";
import type { Crowd } from "./crowd.ts";
import type { Contender } from "./servers.ts";

/** A contender with its clients. */
export interface Side {
  readonly contender: Contender;
  /** One for each node; their clients share the load. */
  readonly crowds: readonly Crowd[];
  /** Another client in a process of its own, which does nothing while the rest is busy but ask. */
  readonly bystander: Crowd;
  readonly clients: number;
}

/** Figures by name; lower is better for all of them. */
export type Figures = Readonly<Record<string, number>>;

/** Opens all clients: CPU of the server for each, and the time until all are served. */
export async function connect(side: Side, rooms = 0): Promise<Figures> {
  const { contender, crowds, clients } = side;
  const before = cpuMicros(contender.pids);
  const each = Math.ceil(clients / crowds.length);
  const took = await Promise.all(crowds.map((crowd, node) => crowd.open(targetOf(contender, node), each, 100, rooms)));
  return {
    "CPU ms per connect": (cpuMicros(contender.pids) - before) / 1000 / clients,
    "ms until all are in": Math.max(...took),
  };
}

/** What an open connection holds while nothing happens. `before` is what the server held without any. */
export async function idle(side: Side, before: Held): Promise<Figures> {
  const now = await held(side.contender);
  const figures: Record<string, number> = {
    "KiB resident per connection": (now.resident - before.resident) / side.clients,
  };
  if (now.heap !== undefined && before.heap !== undefined)
    figures["KiB of heap per connection"] = (now.heap - before.heap) / 1024 / side.clients;
  return figures;
}

/** KiB resident, and bytes of heap after a collection. */
export interface Held {
  readonly resident: number;
  readonly heap: number | undefined;
}

/** What a server holds at this moment, garbage left out where it can be collected. */
export async function held(contender: Contender): Promise<Held> {
  const heap = await contender.heap();
  return { resident: residentKiB(contender.pids), heap };
}

/** One request of a backend that becomes `times` events to everyone: CPU for each delivery. */
export async function fanOut(side: Side, times: number): Promise<Figures> {
  const { contender, crowds, clients } = side;
  const each = Math.ceil(clients / crowds.length) * times;
  await Promise.all(crowds.map((crowd) => crowd.mark()));
  const all = Promise.all(crowds.map((crowd) => crowd.received(each)));
  const before = cpuMicros(contender.pids);
  await contender.say({ times });
  await all;
  return { "CPU µs per delivery": (cpuMicros(contender.pids) - before) / (each * crowds.length) };
}

/** Every client asks once: CPU for each answer. */
export async function heartbeat(side: Side, times: number): Promise<Figures> {
  const { contender, crowds, clients } = side;
  const before = cpuMicros(contender.pids);
  await Promise.all(crowds.map((crowd) => crowd.heartbeats(times)));
  return { "CPU µs per heartbeat": (cpuMicros(contender.pids) - before) / (clients * times) };
}

/** A steady stream of events to rooms of fifty: how long each was on its way. */
export async function paced(side: Side, perSecond: number, seconds: number): Promise<Figures> {
  const { contender, crowds, clients } = side;
  const rooms = Math.max(1, Math.round(clients / ROOM));
  await Promise.all(crowds.map((crowd) => crowd.listen()));
  const began = performance.now();
  const said: Promise<void>[] = [];
  const everyMs = (1000 * ROOM) / perSecond;
  for (let index = 0; index * everyMs < seconds * 1000; index++) {
    const wait = began + index * everyMs - performance.now();
    if (wait > 1) await sleep(wait);
    said.push(contender.say({ room: `r${index % rooms}`, at: performance.timeOrigin + performance.now() }));
  }
  await Promise.all(said);
  await sleep(500);
  const samples = (await Promise.all(crowds.map((crowd) => crowd.stop()))).flat();
  return { "p50 ms": quantile(samples, 0.5), "p99 ms": quantile(samples, 0.99), "max ms": quantile(samples, 1) };
}

/** Members of a room in {@link paced}. */
export const ROOM = 50;

/** One event to everyone, again and again: what another client's heartbeat waits meanwhile. */
export async function beside(side: Side, broadcasts: number): Promise<Figures> {
  const { contender, crowds, clients, bystander } = side;
  await bystander.open(targetOf(contender, 0, 1_000_000), 1);
  await bystander.beat(5);
  for (let index = 0; index < broadcasts; index++) {
    await Promise.all(crowds.map((crowd) => crowd.mark()));
    const all = Promise.all(crowds.map((crowd) => crowd.received(Math.ceil(clients / crowds.length))));
    await contender.say({});
    await all;
    await sleep(50);
  }
  const samples = await bystander.stop();
  await bystander.cut();
  return { "bystander p99 ms": quantile(samples, 0.99), "bystander max ms": quantile(samples, 1) };
}

/** All clients are cut at once and come back at once. */
export async function storm(side: Side): Promise<Figures> {
  const { contender, crowds, clients, bystander } = side;
  await bystander.open(targetOf(contender, 0, 1_000_000), 1);
  await bystander.beat(20);
  const each = Math.ceil(clients / crowds.length);
  await Promise.all(crowds.map((crowd) => crowd.cut()));
  const took = await Promise.all(crowds.map((crowd, node) => crowd.open(targetOf(contender, node), each, each)));
  const samples = await bystander.stop();
  await bystander.cut();
  return {
    "ms until all are back": Math.max(...took),
    "bystander p99 ms": quantile(samples, 0.99),
    "bystander max ms": quantile(samples, 1),
  };
}

/** Where clients of a node connect; `from` keeps users of several crowds apart. */
function targetOf({ targets }: Contender, node: number, from = node * 100_000) {
  const target = targets[node];
  if (target === undefined) throw new Error(`there is no node ${node}`);
  return { ...target, from };
}
