// Attempts to connect: those that count, those that do not, and what a client is told that has made too many.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";
import { openWire } from "../support/wire.ts";

/** How long a connection of these tests must last until its attempt does not count. */
const LASTS_MS = 150;
let server: TestServer;
beforeAll(async () => {
  const env = {
    DASHBOARD_ATTEMPTS_PER_MINUTE: "3",
    CONNECT_ATTEMPTS_PER_MINUTE: "3",
    CHANNELS_CONNECTIONS_PER_USER: "1",
  };
  server = await startClasswire(env, { times: { attemptMs: LASTS_MS, probeMs: 200 } });
});
afterAll(() => server.close());

const refusal = async (namespace: string, who: string) =>
  (await next(server.connect(namespace, who), "connect_error"))[0].data;

describe("an attempt", () => {
  it("counts where the connection ends at once", async () => {
    for (let n = 0; n < 3; n++) {
      const socket = server.connect("/dashboard", "1");
      await next(socket, "connected");
      socket.close();
    }
    const { code, retryAfter } = await refusal("/dashboard", "1");
    expect([code, Number.isInteger(retryAfter)]).toEqual(["RATE_LIMIT", true]);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
  });

  it("does not count once its connection has lasted: a phone without a steady network is not refused", async () => {
    const comes = (namespace: string): Promise<boolean> =>
      next(server.connect(namespace, "2", { auth: { courseId: "go" } }), "connected").then(
        () => true,
        () => false,
      );
    // Each connection is displaced by the next one, as the server has not yet noticed that it is gone.
    for (let n = 0; n < 12; n++)
      for (const namespace of ["/dashboard", "/study-time"])
        await eventually(() => comes(namespace), { timeoutMs: 2000, everyMs: LASTS_MS });
  });

  it("does not count where the client connects anew before it was in", async () => {
    const wire = await openWire(server.url);
    // As many as are read in one turn: 1 KB.
    wire.sendAtOnce(Array(4).fill(`0/dashboard,${JSON.stringify({ token: signToken("3") })}`));
    await wire.packet(/^40\/dashboard,/);
    for (let n = 0; n < 2; n++) await next(server.connect("/dashboard", "3"), "connected");
    wire.ws.terminate();
  });

  it("at a limit of connections does not count, and says when another makes sense", async () => {
    await next(server.connect("/channels", "4"), "connected");
    for (let n = 0; n < 4; n++)
      expect(await refusal("/channels", "4")).toEqual({
        code: "RATE_LIMIT",
        message: "at most 1 connections per user",
        retryAfter: 10,
      });
  });

  it("that is refused for good names no time", async () => {
    expect(await refusal("/channels", "a.bad.token")).toEqual({ code: "INVALID_TOKEN", message: expect.any(String) });
  });
});
