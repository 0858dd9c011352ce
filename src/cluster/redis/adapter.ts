// The classic Socket.IO Redis adapter, made to bear whatever arrives on its channels.
import { createAdapter, type RedisAdapter } from "@socket.io/redis-adapter";
import { decode, encode } from "notepack.io";
import { isRequest, isResponse, REQUEST, readBroadcast, withoutSecrets } from "./adapter-messages.ts";
import type { RedisClients } from "./clients.ts";
import { isDeepJson, isDeepMessagePack } from "./nesting-depth.ts";

/** How long `serverSideEmit` with an answer and the like wait for the other nodes. */
const REQUESTS_TIMEOUT_MS = 1_500;
/** The first byte by which the adapter tells JSON (`{`) from MessagePack. */
const BRACE = 0x7b;

/** The keys that channels of the adapter begin with: those of these nodes, and those that emitters of backends publish under. */
export type AdapterKeys = { readonly own: string; readonly emitters: string };

/** For `io.adapter(…)`. */
export type GuardedAdapter = (namespace: unknown) => RedisAdapter;

/** What a message is read as; the adapter takes each of these stand-ins for something that does not concern it. */
type Reading = { readonly read: (value: unknown) => unknown; readonly harmless: unknown };
const BROADCAST: Reading = { read: readBroadcast, harmless: [] };
const A_REQUEST: Reading = { read: (value) => (isRequest(value) ? value : undefined), harmless: {} };
const A_RESPONSE: Reading = { read: (value) => (isResponse(value) ? value : undefined), harmless: {} };

/** The handlers that take the place of the adapter's own. */
type Handlers = {
  onmessage: (pattern: unknown, channel: Buffer, message: Buffer) => void;
  onrequest: (channel: Buffer, message: Buffer) => Promise<void>;
};

type Method = (...args: unknown[]) => unknown;

/** A method of the adapter, which its types call private. @throws TypeError when the package has changed */
const methodOf = (adapter: RedisAdapter, name: string): Method => {
  const method: unknown = Reflect.get(adapter, name);
  if (typeof method !== "function") throw new TypeError(`@socket.io/redis-adapter has no ${name} any more`);
  return (...args) => Reflect.apply(method, adapter, args);
};

/** What emitters publish is handed on as if it had come on the adapter's own channels. */
const hearEmitters = (
  clients: RedisClients,
  keys: AdapterKeys,
  adapter: RedisAdapter,
  { onmessage, onrequest }: Handlers,
): void => {
  const { name } = adapter.nsp;
  const [theirs, ours] = [`${keys.emitters}#${name}#`, `${keys.own}#${name}#`];
  clients.adapterSubscriber.pSubscribe(
    `${theirs}*`,
    (message, channel) => {
      onmessage(null, Buffer.from(ours + channel.toString().slice(theirs.length)), message);
    },
    true,
  );
  const requests = Buffer.from(`${keys.own}-request#${name}#`);
  clients.adapterSubscriber.subscribe(
    `${keys.emitters}-request#${name}#`,
    (message) => void onrequest(requests, message),
    true,
  );
};

/**
 * `createAdapter` over wrapped clients. The adapter decodes MessagePack by its `parser` option, which here checks the
 * shape too; but it parses JSON by itself, acts on it unchecked in an `async` method whose promise nobody keeps, and
 * would end the process. So its handlers are replaced by ones that look at JSON first and catch everything. `onMalformed`
 * is called for each message that is dropped, on all namespaces.
 */
export const createRedisAdapter = (
  clients: RedisClients,
  keys: AdapterKeys,
  onMalformed = (): void => undefined,
): GuardedAdapter => {
  /** What the handler that runs right now is given; handlers decode before they first wait. */
  let expected: Reading = BROADCAST;

  const check = (value: unknown): unknown => {
    const known = expected.read(value);
    if (known !== undefined) return known;
    onMalformed();
    return expected.harmless;
  };
  const tryDecode = (message: Buffer): unknown => {
    try {
      return isDeepMessagePack(message) ? undefined : decode(message);
    } catch {
      return undefined;
    }
  };
  const isBadJson = (message: Buffer): boolean => {
    try {
      return isDeepJson(message) || expected.read(JSON.parse(message.toString())) === undefined;
    } catch {
      return true;
    }
  };
  const make = createAdapter(clients.adapterPublisher, clients.adapterSubscriber, {
    key: keys.own,
    requestsTimeout: REQUESTS_TIMEOUT_MS,
    publishOnSpecificResponseChannel: true,
    parser: { encode, decode: (message: Buffer) => check(tryDecode(message)) },
  });

  const guard = (adapter: RedisAdapter): RedisAdapter => {
    const [onmessage, onrequest] = [methodOf(adapter, "onmessage"), methodOf(adapter, "onrequest")];
    const publishResponse = methodOf(adapter, "publishResponse");
    const responses: unknown = Reflect.get(adapter, "responseChannel");
    const guarded = {
      onmessage: (pattern: unknown, channel: Buffer, message: Buffer) => {
        expected = BROADCAST;
        try {
          onmessage(pattern, channel, message);
        } catch {
          onMalformed();
        }
      },
      onrequest: async (channel: Buffer, message: Buffer) => {
        expected = channel.toString().startsWith(String(responses)) ? A_RESPONSE : A_REQUEST;
        if (message[0] === BRACE && isBadJson(message)) {
          onMalformed();
          return;
        }
        try {
          await onrequest(channel, message);
        } catch {
          onMalformed();
        }
      },
      publishResponse: (request: { type?: unknown }, response: string | Buffer) => {
        const fetched = request.type === REQUEST.fetch && typeof response === "string";
        publishResponse(request, fetched ? withoutSecrets(response) : response);
      },
    };
    Object.assign(adapter, guarded);
    if (keys.emitters !== keys.own) hearEmitters(clients, keys, adapter, guarded);
    return adapter;
  };
  // Not an arrow: Socket.IO calls it with `new`.
  return function createGuarded(namespace) {
    return guard(make(namespace));
  };
};
