// The table of limits: the contract's numbers, and rows that follow the settings.
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { connectionLimit, createLimits } from "../../src/config/limits.ts";

const settings = readConfig({}).limits;

test("every row carries its own name and an amount above zero", () => {
  for (const [name, row] of Object.entries(createLimits({ limits: settings }))) {
    expect(row.name).toBe(name);
    expect(row.what).not.toBe("");
    expect("points" in row ? row.points : row.most).toBeGreaterThan(0);
  }
});

test("the fixed numbers are those of the contract", () => {
  const limits = createLimits({ limits: settings });
  expect(limits.chatToEveryone).toMatchObject({ points: 1, seconds: 1, whose: "user" });
  expect(limits.messages).toMatchObject({ points: 50, seconds: 1, burst: 100, whose: "connection" });
  expect(limits.badTokens).toMatchObject({ points: 60, seconds: 60, whose: "address" });
  expect(limits.studyTimeConnections).toMatchObject({ most: 1, whose: "user and course" });
  expect(limits.waitingDashboards.most).toBe(4);
  expect(limits.roomsPerSocket.most).toBe(50);
  expect(limits.presenceList.most).toBe(200);
  expect(limits.listenBacklog.most).toBe(4096);
  expect(limits.waitingConnections.most).toBe(5000);
  expect(limits.httpBody.most).toBe(524_288);
  expect(limits.batchBody.most).toBe(8_388_608);
});

test("a kind of client counts against its own limit of connections, as set", () => {
  const limits = createLimits({ limits: { ...settings, channelsConnectionsPerUser: 7 } });
  const most = (["dashboard", "channels", "gateway", "study-time"] as const).map(
    (kind) => connectionLimit(limits, kind).most,
  );
  expect(most).toEqual([1, 7, 20, 1]);
});
