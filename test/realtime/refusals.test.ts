// Refused tokens: what each door tells the client, and what the log says of it.
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConnectOptions, connectTo, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { connect, refusedUpgrade } from "../support/raw-client.ts";
import { signToken } from "../support/tokens.ts";

/** As many clients as sit behind the one address of a school. */
const CLIENTS = 80;

const lines: string[] = [];
let server: TestServer;
let raw: string;
beforeAll(async () => {
  const logger = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  server = await startClasswire({ CONNECT_ATTEMPTS_PER_MINUTE: "60" }, { logger });
  raw = server.url.replace("http", "ws");
});
afterAll(() => server.close());

const expired = (user: number): string => signToken(String(user), { expiresIn: -10 });

/** The code of a refused Socket.IO connection. */
async function refusedCode(namespace: string, token: string, options: ConnectOptions = {}): Promise<string> {
  const socket = connectTo(server.url, namespace, token, options);
  const [error] = await next(socket, "connect_error");
  socket.close();
  return error.data.code;
}

describe("with an expired token each of many clients behind one address is told TOKEN_EXPIRED", () => {
  it.each([
    ["websocket", "/dashboard"],
    ["websocket", "/channels"],
    ["polling", "/channels"],
  ] as const)("by %s in %s", async (transport, namespace) => {
    const codes = await Promise.all(
      Array.from({ length: CLIENTS }, (_, user) => refusedCode(namespace, expired(user), { transports: [transport] })),
    );
    expect(new Set(codes)).toEqual(new Set(["TOKEN_EXPIRED"]));
  });

  it.each(["/?token=", "/api/v1/ws/dashboard?token="])("by a raw connection to %s", async (path) => {
    const codes = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, user) => {
        const client = await connect(raw + path + expired(user));
        const frame = await client.next();
        client.ws.terminate();
        return frame["code"] ?? frame["message"];
      }),
    );
    expect(codes).toHaveLength(CLIENTS);
    for (const code of codes) expect(code).toMatch(/^(TOKEN_EXPIRED|the token has expired)$/);
  });

  it("by HTTP before a raw upgrade", async () => {
    const statuses = await Promise.all(
      Array.from(
        { length: CLIENTS },
        async (_, user) => (await refusedUpgrade(`${raw}/ws?token=${expired(user)}`)).status,
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([401]));
  });
});

describe("the log says which rule refused a token, and not the token", () => {
  const refused = (where: string) => {
    const token = signToken({ sub: `log-of-${where}` }, { expiresIn: null });
    return { token, reason: "exp is missing" };
  };
  const said = (where: string, reason: string) =>
    eventually(() => lines.find((line) => line.includes(`"where":"${where}"`) && line.includes(reason)));
  const noneOf = (token: string): void => {
    for (const part of [token, ...token.split(".").slice(1)]) expect(lines.join("")).not.toContain(part);
  };

  it.each(["/dashboard", "/channels", "/study-time"])("in %s", async (namespace) => {
    const { token, reason } = refused(namespace);
    expect(await refusedCode(namespace, token)).toBe("INVALID_TOKEN");
    expect(JSON.parse(await said(namespace, reason))).toMatchObject({
      level: 30,
      msg: "a token was refused",
      code: "INVALID_TOKEN",
      reason,
    });
    noneOf(token);
  });

  it.each([
    ["channels", "/?token="],
    ["dashboard", "/api/v1/ws/dashboard?token="],
    ["gateway", "/ws?token="],
    ["messenger", "/api/ws/connect?token="],
  ])("of the dialect %s", async (dialect, path) => {
    const { token, reason } = refused(dialect);
    await connect(raw + path + token).then(
      ({ ws }) => ws.terminate(),
      () => undefined, // refused by HTTP
    );
    await said(dialect, reason);
    noneOf(token);
  });

  it("of a token that renews nothing", async () => {
    const socket = server.connect("/channels", "7");
    await next(socket, "connected");
    const token = signToken("7", { key: "x".repeat(32) });
    expect(await socket.emitWithAck("refresh_token", { token })).toMatchObject({ error: { code: "INVALID_TOKEN" } });
    await said("/channels", "its signature does not match the key");
    noneOf(token);
  });

  it("of a call", async () => {
    const { token, reason } = refused("http");
    expect((await server.call("GET", "/api/v1/study-time/1", undefined, token)).status).toBe(401);
    const line = await eventually(() => lines.find((text) => text.includes('"msg":"call"') && text.includes(reason)));
    expect(JSON.parse(line)).toMatchObject({ path: "/api/v1/study-time/1", status: 401, reason });
    noneOf(token);
  });
});
