// A Redis that will not have this node: the reason is said, once, and ends a start that could never work.
import { createClient } from "redis";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { openCluster } from "../../../src/cluster/open-cluster.ts";
import { FaultLog } from "../../../src/cluster/redis/fault-log.ts";
import { eventually } from "../../support/eventually.ts";
import { type Redis, startRedis } from "../../support/redis.ts";

const PASSWORD = "hush-hush";
let redis: Redis;

beforeAll(async () => {
  redis = await startRedis();
  const admin = await createClient({ url: redis.url }).connect();
  await admin.sendCommand(["ACL", "SETUSER", "reader", "on", `>${PASSWORD}`, "~*", "&*", "+@read", "+ping", "+hello"]);
  await admin.sendCommand(["ACL", "SETUSER", "node", "on", `>${PASSWORD}`, "~*", "&*", "+@all"]);
  admin.destroy();
});
afterAll(() => redis.stop());

/** Opens a cluster with this user and path of the URL; what it logs. */
function open(user: string, path: string, isPatient: boolean) {
  const lines: { reason?: string; text: string }[] = [];
  const note = (fields: object, text: string) => void lines.push({ ...fields, text });
  const cluster = openCluster({
    redisUrl: `redis://${user}@127.0.0.1:${redis.port}${path}`,
    prefix: "classwire",
    identity: "test",
    isPatient,
    logger: { info: note, warn: note },
    faults: { malformed: () => undefined, dropped: () => undefined },
  });
  return { cluster, lines };
}

it.each([
  ["a wrong password", "node:wrong", "", /^REDIS_URL cannot be used: WRONGPASS /],
  [
    "a database that is not there",
    `node:${PASSWORD}`,
    "/99",
    /^REDIS_URL cannot be used: ERR DB index is out of range/,
  ],
  ["missing rights", `reader:${PASSWORD}`, "", /^REDIS_URL cannot be used: NOPERM /],
])("ends the start with one line: %s", async (_what, user, path, line) => {
  const { cluster, lines } = open(user, path, false);
  const failure = await cluster.then(
    () => undefined,
    (error: Error) => error.message,
  );
  expect(failure).toMatch(line);
  expect(failure).not.toContain("\n");
  expect(`${failure}${JSON.stringify(lines)}`).not.toContain(PASSWORD);
});

it("waits where it is told to be patient, says why, and joins once it may", async () => {
  const { cluster, lines } = open("late:secret", "", true);
  const { cluster: node } = await cluster;
  await eventually(() => lines.some(({ reason }) => reason?.startsWith("WRONGPASS")));
  const admin = await createClient({ url: redis.url }).connect();
  await admin.sendCommand(["ACL", "SETUSER", "late", "on", ">secret", "~*", "&*", "+@all"]);
  admin.destroy();
  await eventually(() => node.health().redis === "up");
  expect(lines.filter(({ reason }) => reason?.startsWith("WRONGPASS"))).toHaveLength(1);
  await node.close();
});

test("a reason is logged once, another one too, and the first again after it was over", () => {
  const reasons: unknown[] = [];
  const log = new FaultLog({ info: () => undefined, warn: (fields) => void reasons.push(fields) });
  for (const text of ["a", "a", "b", "a", "b"]) log.note(new Error(text));
  log.clear();
  log.note(new Error("b"));
  expect(reasons).toEqual([{ reason: "a" }, { reason: "b" }, { reason: "b" }]);
  expect(log.refusal()).toBeUndefined();
});
