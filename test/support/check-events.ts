// Every event that a test's client hears is held to its row: the payload, and for durable events where it stands.
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { meta } from "../../src/contract/durable.ts";
import { NAMESPACES, serverEvent } from "../../src/contract/namespaces.ts";

/** What is used of a client's socket. */
interface Listening {
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
}

/**
 * Holds the events of a socket to the rows of its namespace; those of a library user, and all in its namespaces, are free. What does not
 * match is thrown outside of the client, so that the run fails and the client goes on.
 */
export function checkEvents(socket: Listening, namespace: string, uncheckedEvents: readonly string[] = []): void {
  if (!NAMESPACES.some(({ name }) => name === namespace)) return;
  socket.onAny((event, ...args) => {
    const fault = uncheckedEvents.includes(event) ? undefined : faultOf(namespace, event, args);
    if (fault === undefined) return;
    queueMicrotask(() => {
      throw new Error(`${namespace} ${event}: ${fault}: ${JSON.stringify(args)}`);
    });
  });
}

/** What is wrong with an event by its row, or undefined. A key that no schema knows is wrong. */
export function faultOf(namespace: string, event: string, args: readonly unknown[]): string | undefined {
  const row = serverEvent(namespace, event);
  if (row === undefined) return "no such event";
  const expected = row.durable === undefined ? [row.payload] : [row.payload, meta];
  if (args.length !== expected.length) return `${args.length} arguments`;
  return expected.map((schema, at) => mismatch(schema, args[at])).find((fault) => fault !== undefined);
}

function mismatch(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(value);
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join(", ");
  return isDeepStrictEqual(result.data, value) ? undefined : `only ${JSON.stringify(result.data)} is known`;
}
