// What every client that others wrote is put through: one conversation for Socket.IO's clients, one for each raw endpoint.
import { eventually } from "../../support/eventually.ts";
import { signToken } from "../../support/tokens.ts";
import type { Backend } from "./backend.ts";
import type { Bridge, Told } from "./bridge.ts";

/** A conversation. Calls `step` before each of its steps, so that a failure can be told with its place. */
export type Conversation = (
  bridge: Bridge,
  backend: Backend,
  user: string,
  step: (name: string) => void,
) => Promise<void>;

/** On `/channels`, over Socket.IO. */
export const socketIo: Conversation = async (bridge, backend, user, step) => {
  const channel = `notifications/${user}`;
  const connect = (token: string): void => bridge.tell({ open: backend.url, namespace: "/channels", auth: { token } });
  const event = async (name: string, says: string) =>
    (await bridge.hears(`${name} ${says}`, (told) => told.event === name && includes(told, says))).args ?? [];
  let asked = 0;
  const ask = async (emit: string, payload: unknown = {}): Promise<Record<string, unknown>> => {
    const id = asked++;
    bridge.tell({ emit, payload, id });
    const { args: [answer] = [] } = await bridge.hears(`the answer to ${emit}`, ({ ack }) => ack === id);
    if ((answer as { ok?: unknown } | undefined)?.ok !== true) throw new Error(`${emit}: ${JSON.stringify(answer)}`);
    return answer as Record<string, unknown>;
  };

  step("refused with a wrong token");
  connect("wrong");
  await bridge.hears("the refusal", (told) => told.refused !== undefined && includes(told, "INVALID_TOKEN"));
  step("let in");
  connect(signToken(user));
  await event("connected", `"userId":"${user}"`);
  step("subscribe");
  await ask("subscribe", { channel });
  step("live event");
  await backend.notify(user, "first");
  const [, meta] = await event("notifications", '"title":"first"');
  step("ack");
  await ask("ack", { channel, offset: (meta as { offset: number }).offset });
  step("heartbeat");
  await ask("heartbeat");
  step("room message");
  await ask("join_room", { room: `room-${user}` });
  await ask("room_message", { room: `room-${user}`, text: "常量 ✓" });
  await event("room_message", "常量 ✓");
  step("clean close");
  bridge.tell({ close: true });
  await bridge.hears("the end", ({ closed }) => closed !== undefined);
  await eventually(async () => !(await backend.online()).includes(user), { what: "the server knowing of the end" });
  step("replay");
  await backend.notify(user, "second");
  connect(signToken(user));
  await event("connected", `"userId":"${user}"`);
  const { recovered, replayed } = await ask("subscribe", { channel, since: 1 });
  if (recovered !== true || replayed !== 1) throw new Error(`recovered ${recovered}, replayed ${replayed}`);
  await event("notifications", '"title":"second"');
  bridge.tell({ close: true });
  await bridge.hears("the end", ({ closed }) => closed !== undefined);
};

/** What is peculiar to a raw endpoint. */
interface Endpoint {
  /** Its path and query but for the token. */
  readonly path: (user: string) => string;
  /** How a wrong token is refused: by HTTP before the upgrade, or by an error frame and 1008. */
  readonly refusal: "http" | "frame";
  /** What the server says first. */
  readonly greeting?: string;
  /** Frames, and what each is answered. */
  readonly asks: readonly (readonly [step: string, frame: object, answer: string])[];
  /** How the backend publishes the nth event, and what is heard of it. */
  readonly publish?: (backend: Backend, user: string, n: number) => Promise<void>;
  readonly heard?: (n: number) => string;
  /** A frame that asks for the events, where they do not come by themselves. */
  readonly subscribe?: (user: string) => readonly [frame: object, answer: string];
  /** After which end what came meanwhile is heard at the next connection. */
  readonly replayAfter?: "close" | "cut";
}

const notify = (backend: Backend, user: string, n: number): Promise<void> => backend.notify(user, `notice ${n}`);
const notice = (n: number): string => `"title":"notice ${n}"`;

/** The raw endpoints, by the name of their dialect. */
export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  dashboard: {
    path: () => "/api/v1/ws/dashboard?",
    refusal: "frame",
    greeting: '"type":"connection"',
    asks: [["heartbeat", { type: "ping" }, '"type":"pong"']],
    publish: (backend, user, n) => backend.progress(user, n % 2 === 1),
    heard: (n) => `"completed":${n % 2 === 1}`,
    replayAfter: "cut",
  },
  channels: {
    path: () => "/?",
    refusal: "frame",
    greeting: '"type":"connected"',
    asks: [["heartbeat", { type: "heartbeat" }, '"type":"heartbeat"']],
    publish: notify,
    heard: notice,
    subscribe: (user) => [{ type: "subscribe", channel: `notifications/${user}` }, '"type":"subscribed"'],
    replayAfter: "close",
  },
  "study-time": {
    path: (user) => `/api/study-time?userId=${user}&courseId=go&`,
    refusal: "frame",
    asks: [["heartbeat", { type: "heartbeat", timestamp: "2025-12-26T14:05:30.000Z" }, '"status":"success"']],
  },
  gateway: {
    path: () => "/ws?",
    refusal: "http",
    asks: [
      ["heartbeat", { type: "ping", content: null, timestamp: 1 }, '"type":"pong"'],
      ["joined", { type: "join_room", content: "lobby", timestamp: 1 }, ""],
      ["room message", { type: "room_message", content: { room: "lobby", text: "常量 ✓" } }, "常量 ✓"],
    ],
    publish: notify,
    heard: notice,
    replayAfter: "close",
  },
  messenger: {
    path: () => "/api/ws/connect?",
    refusal: "http",
    asks: [
      ["heartbeat", { type: "ping", content: null }, '"type":"ping"'],
      ["message to everyone", { type: "chat", content: "常量 ✓" }, "常量 ✓"],
    ],
    publish: notify,
    heard: notice,
    replayAfter: "close",
  },
};

/** On a raw endpoint. */
export function raw(dialect: string, endpoint: Endpoint): Conversation {
  return async (bridge, backend, user, step) => {
    const hears = (says: string): Promise<Told> =>
      bridge.hears(says, ({ message }) => message?.includes(says) === true);
    const open = (token: string): void => bridge.tell({ open: backend.at(`${endpoint.path(user)}token=${token}`) });
    const connect = async (): Promise<void> => {
      open(signToken(user));
      await bridge.hears("being let in", ({ opened }) => opened === true);
      if (endpoint.greeting !== undefined) await hears(endpoint.greeting);
    };
    const say = async ([frame, answer]: readonly [object, string]): Promise<void> => {
      bridge.tell({ send: JSON.stringify(frame) });
      if (answer !== "") await hears(answer);
    };
    const closed = (code?: number): Promise<Told> =>
      bridge.hears(
        `a close ${code ?? ""}`,
        (told) => told.closed !== undefined && (code ?? told.closed) === told.closed,
      );

    step(`${dialect}: refused with a wrong token`);
    open("wrong");
    if (endpoint.refusal === "frame") await closed(1008);
    else await bridge.hears("a refusal", ({ refused }) => refused === 401 || refused === null);
    step(`${dialect}: let in`);
    await connect();
    const { subscribe, publish, heard = String, replayAfter } = endpoint;
    step(`${dialect}: subscribe`);
    if (subscribe !== undefined) await say(subscribe(user));
    step(`${dialect}: live event`);
    if (publish !== undefined) {
      await publish(backend, user, 1);
      await hears(heard(1));
    }
    for (const [name, ...ask] of endpoint.asks) {
      step(`${dialect}: ${name}`);
      await say(ask);
    }
    if (publish !== undefined && (replayAfter === "close" || (replayAfter === "cut" && bridge.cuts))) {
      step(`${dialect}: replay`);
      bridge.tell(replayAfter === "cut" ? { cut: true } : { close: true });
      await closed();
      await publish(backend, user, 2);
      await connect();
      if (subscribe !== undefined) await say(subscribe(user));
      await hears(heard(2));
    }
    step(`${dialect}: clean close`);
    bridge.tell({ close: true });
    await closed(1000);
  };
}

function includes(told: Told, says: string): boolean {
  return JSON.stringify(told).includes(says);
}
