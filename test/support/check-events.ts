// Every event and answer that a test's client gets is held to its row: the payload, and for durable events where it stands.
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { meta } from "../../src/contract/durable.ts";
import { errorBody } from "../../src/contract/frames.ts";
import { NAMESPACES, serverEvent } from "../../src/contract/namespaces.ts";
import type { ClientEvent, NamespaceRows } from "../../src/contract/rows.ts";

/** What is used of a client's socket. */
interface ClientSocket {
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>;
}

/**
 * Holds the events of a socket, and the answers of `emitWithAck`, to the rows of its namespace. Namespaces of a library user are
 * free, and so are `unchecked` events. What does not match is thrown outside of the client: the run fails, the client goes on.
 */
export function checkEvents(socket: ClientSocket, namespace: string, unchecked: readonly string[] = []): void {
  if (!NAMESPACES.some(({ name }) => name === namespace)) return;
  const check = (find: typeof faultOf, event: string, given: unknown): void => {
    const fault = unchecked.includes(event) ? undefined : find(namespace, event, given);
    if (fault === undefined) return;
    queueMicrotask(() => {
      throw new Error(`${namespace} ${event}: ${fault}: ${JSON.stringify(given)}`);
    });
  };
  socket.onAny((event, ...args) => check(faultOf, event, args));
  const { emitWithAck } = socket;
  socket.emitWithAck = async (event, ...args) => {
    const answer = await emitWithAck.call(socket, event, ...args);
    check(faultOfAnswer, event, answer);
    return answer;
  };
}

/** What is wrong with an event by its row, or undefined. A key that no schema knows is wrong. */
export function faultOf(namespace: string, event: string, args: unknown): string | undefined {
  const row = serverEvent(namespace, event);
  if (row === undefined || !Array.isArray(args)) return "no such event";
  const expected = row.durable === undefined ? [row.payload] : [row.payload, meta];
  if (args.length !== expected.length) return `${args.length} arguments`;
  return expected.map((schema, at) => mismatch(schema, args[at])).find((fault) => fault !== undefined);
}

/** What is wrong with an answer by the row of the event, or undefined. Events without a row are refused like all others. */
export function faultOfAnswer(namespace: string, event: string, answer: unknown): string | undefined {
  const rows: NamespaceRows | undefined = NAMESPACES.find(({ name }) => name === namespace);
  const row: ClientEvent | undefined = Object.hasOwn(rows?.client ?? {}, event) ? rows?.client[event] : undefined;
  if (row?.whole === true) return mismatch(row.answer, answer);
  const refused = z.object({ ok: z.literal(false), error: errorBody });
  const { ok, ...said } = z.looseObject({ ok: z.boolean() }).parse(answer);
  return ok && row !== undefined ? mismatch(row.answer, said) : mismatch(refused, answer);
}

function mismatch(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(value);
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join(", ");
  return isDeepStrictEqual(result.data, value) ? undefined : `only ${JSON.stringify(result.data)} is known`;
}
