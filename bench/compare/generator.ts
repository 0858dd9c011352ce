// The process full of clients: opens, counts and measures as it is told, and answers over IPC.
import { createHmac } from "node:crypto";
import type { Answer, Order, Target } from "./orders.ts";
import { clientFrame, WireClient } from "./wire-client.ts";

/** An event of the bench is longer, whatever else servers send is shorter. */
const EVENT_BYTES = 200;
/** A bound for the samples of one scenario. */
const MOST_SAMPLES = 500_000;
/** How long a refused client waits before it tries again, and how often. */
const RETRY_MS = 500;
const ATTEMPTS = 100;

let target: Target | undefined;
let rooms = 0;
let clients: WireClient[] = [];
let frames = 0;
let awaited = Number.POSITIVE_INFINITY;
let onAwaited = (): void => undefined;
let samples: number[] = [];
let listens = false;
let beat: NodeJS.Timeout | undefined;
let onAnswer: ((client: WireClient) => void) | undefined;
/** What clients that are greeting wait for. */
const joining = new Map<WireClient, { until: string; step: () => void }>();

const now = (): number => performance.timeOrigin + performance.now();

process.on("message", (order: Order) => {
  const began = performance.now();
  run(order).then(
    (measured) => answer({ id: order.id, tookMs: performance.now() - began, ...(measured && { samples: measured }) }),
    (error: unknown) => answer({ id: order.id, tookMs: performance.now() - began, error: String(error) }),
  );
});
process.on("disconnect", () => process.exit());

function answer(said: Answer): void {
  process.send?.(said);
}

async function run(order: Order): Promise<readonly number[] | undefined> {
  if (order.do === "open") return void (await open(order));
  if (order.do === "cut") return void (await cut());
  if (order.do === "mark") {
    frames = 0;
    return undefined;
  }
  if (order.do === "await") return await arrived(order.frames);
  if (order.do === "heartbeats") return await heartbeats(order.times, order.window);
  samples = order.do === "stop" ? samples : [];
  if (order.do === "listen") listens = true;
  else if (order.do === "beat") beat = setInterval(ask, order.everyMs);
  else {
    listens = false;
    clearInterval(beat);
    return samples;
  }
  return undefined;
}

/** Opens clients, `atATime` of them at once; those that are refused try again. */
async function open(order: Order & { do: "open" }): Promise<void> {
  target = order.target;
  rooms = order.rooms;
  let next = 0;
  const opened: WireClient[] = [];
  const line = async (): Promise<void> => {
    while (next < order.clients) {
      const number = next++;
      for (let attempt = 1; ; attempt++) {
        try {
          opened.push(await openOne(number, order.target));
          break;
        } catch (error) {
          if (attempt === ATTEMPTS) throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(order.atATime, order.clients) }, line));
  clients = opened;
}

function openOne(
  number: number,
  { protocol, port, path, greetings, join, secret, from = 0 }: Target,
): Promise<WireClient> {
  const fill = (text: string): string =>
    text
      .replaceAll("$token", () => (secret === undefined ? "" : token(String(from + number + 1), secret)))
      .replaceAll("$n", String(from + number + 1))
      .replaceAll("$room", `r${number % Math.max(1, rooms)}`);
  return new Promise((resolve, reject) => {
    const listeners = {
      onFrame,
      onEnd: (client: WireClient) => {
        if (joining.delete(client)) reject(new Error("ended while it was greeting"));
      },
    };
    const client = new WireClient(protocol, port, fill(path), listeners, (error) => {
      if (error !== undefined) return reject(error);
      let said = 0;
      const step = (): void => {
        const greeting = greetings[said];
        said += 1;
        if (greeting === undefined) {
          joining.delete(client);
          resolve(client);
          return;
        }
        joining.set(client, { until: greeting.until, step });
        if (said === greetings.length && rooms > 0 && join !== undefined) client.send(clientFrame(fill(join)));
        if (greeting.say !== "") client.send(clientFrame(fill(greeting.say)));
      };
      step();
    });
  });
}

function onFrame(client: WireClient, payload: Buffer): void {
  const greeting = joining.size === 0 ? undefined : joining.get(client);
  if (greeting !== undefined) {
    if (payload.toString("latin1", 0, greeting.until.length) === greeting.until) greeting.step();
    return;
  }
  if (payload.length < EVENT_BYTES) {
    answered(client);
    return;
  }
  frames += 1;
  if (frames >= awaited) {
    awaited = Number.POSITIVE_INFINITY;
    onAwaited();
  }
  if (!listens || samples.length >= MOST_SAMPLES) return;
  const at = payload.indexOf('"at":');
  if (at >= 0) samples.push(now() - Number.parseFloat(payload.toString("latin1", at + 5, at + 25)));
}

function answered(client: WireClient): void {
  if (client.askedAt === 0) return;
  if (samples.length < MOST_SAMPLES) samples.push(performance.now() - client.askedAt);
  client.askedAt = 0;
  onAnswer?.(client);
}

async function arrived(wanted: number): Promise<undefined> {
  if (frames < wanted) {
    await new Promise<void>((resolve) => {
      awaited = wanted;
      onAwaited = resolve;
    });
  }
}

/** Every client asks, a bounded number at a time. */
async function heartbeats(times: number, window: number): Promise<readonly number[]> {
  const frame = clientFrame(target?.heartbeat ?? "");
  samples = [];
  let sent = 0;
  let came = 0;
  const all = clients.length * times;
  await new Promise<void>((resolve) => {
    const next = (): void => {
      const client = clients[sent % clients.length];
      if (client === undefined || sent >= all) return;
      sent += 1;
      client.askedAt = performance.now();
      client.send(frame);
    };
    onAnswer = () => {
      came += 1;
      if (came === all) resolve();
      else next();
    };
    for (let index = 0; index < Math.min(window, clients.length); index++) next();
  });
  onAnswer = undefined;
  return samples;
}

/** The first client asks; a question that is still open is left so: its time goes on. */
function ask(): void {
  const [client] = clients;
  if (client === undefined || client.askedAt > 0) return;
  client.askedAt = performance.now();
  client.send(clientFrame(target?.heartbeat ?? ""));
}

async function cut(): Promise<void> {
  const gone = clients.map((client) => new Promise((resolve) => client.socket.once("close", resolve)));
  for (const { socket } of clients) socket.resetAndDestroy();
  await Promise.all(gone);
  clients = [];
}

/** A token as any issuer of the platform would sign it (HS256). */
function token(user: string, secret: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const iat = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: user, iat, exp: iat + 7200 })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
