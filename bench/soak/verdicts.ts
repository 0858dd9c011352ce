// What must be true of the samples of a soak: nothing is left when the load has gone, and memory does not grow.
import { type Sample, slope } from "./samples.ts";

/** What may be left. Descriptors: idle connections to the database, and the one that looks. */
const MOST = { heldMb: 24, descriptors: 12, redisKeys: 0, growthMbPerHour: 1 };
/** Below this many seconds a slope says nothing. */
const SHORTEST_FIT_S = 1200;

/**
 * What is wrong, in words.
 * @param before a sample from before the load
 * @param after one from after it
 * @param settledAfter seconds from which on memory is compared
 */
export function judgeSamples(
  samples: readonly Sample[],
  before: Sample | undefined,
  after: Sample | undefined,
  settledAfter: number,
): string[] {
  if (before === undefined || after === undefined) return ["the nodes could not be looked at"];
  const wrong: string[] = [];
  for (const [index, now] of after.nodes.entries()) {
    const then = before.nodes[index];
    if (then === undefined) continue;
    const held = now.heldMb - then.heldMb;
    if (held > MOST.heldMb) wrong.push(`node ${index} holds ${held.toFixed(1)} MB more than before the load`);
    const descriptors = now.descriptors - then.descriptors;
    if (descriptors > MOST.descriptors) wrong.push(`node ${index} has ${descriptors} more descriptors than before`);
    const perHour = growth(samples, index, settledAfter);
    if (perHour !== undefined && perHour > MOST.growthMbPerHour)
      wrong.push(`node ${index} grows by ${perHour.toFixed(2)} MB an hour`);
  }
  const keys = after.redisKeys - before.redisKeys;
  if (keys > MOST.redisKeys) wrong.push(`Redis has ${keys} more keys than before: ${after.someKeys.join(", ")}`);
  const sessions = after.rows["resumable_sessions"] ?? 0;
  if (sessions > 0) wrong.push(`${sessions} rows of resumable sessions are left`);
  return wrong;
}

/**
 * MB an hour that a node grows by from `settledAfter` on; undefined where that is too short to say.
 * @param of what it holds, garbage collected, or what the system has given it
 */
export function growth(
  samples: readonly Sample[],
  index: number,
  settledAfter: number,
  of: "heldMb" | "residentMb" = "heldMb",
): number | undefined {
  const settled = samples.filter(({ at }) => at >= settledAfter);
  const [first, last] = [settled[0], settled.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < SHORTEST_FIT_S) return undefined;
  const perSecond = slope(settled.map(({ at, nodes }) => [at, nodes[index]?.[of] ?? Number.NaN] as const));
  return perSecond === undefined ? undefined : perSecond * 3600;
}
