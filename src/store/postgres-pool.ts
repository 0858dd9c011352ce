// The one bounded pool of connections under both Prisma and the raw path.
import pg from "pg";
import { isElsewhere, type UnusableError } from "./errors.ts";
import type { Origin } from "./history.ts";
import { refused } from "./postgres-faults.ts";
import { originOf } from "./postgres-origin.ts";
import { beginSession, connectionTo, QUERY_TIMEOUT_MS, type Server } from "./postgres-session.ts";
import type { RunStatement } from "./run-statement.ts";
import { parserOf, toText } from "./values.ts";

const POOL_SIZE = 10;
/** Statements that are prepared by name; later ones are parsed each time (their texts should be constant). */
const MAX_PREPARED = 100;
/** SQLSTATE of "cached plan must not change result type": the schema has changed under a prepared statement. */
const FEATURE_NOT_SUPPORTED = "0A000";

/** Connections through a pooler, where what is prepared by name may be in another session than the one asked next. */
export type Pooled = WeakSet<pg.ClientBase>;

/** Who hears of new connections. */
export interface PoolListener {
  /** Where one has led to. */
  onConnected(origin: Origin): void;
  /** Why one could not be made. */
  onFault(fault: UnusableError): void;
}

/** Creates the pool. It connects when it is first used. */
export function openPool(server: Server, { onConnected, onFault }: PoolListener): { pool: pg.Pool; pooled: Pooled } {
  const pooled: Pooled = new WeakSet();
  const onRefused = (error: unknown): void => onFault(refused(error, server.at));
  class Client extends ImpatientClient {
    constructor(config?: pg.ClientConfig) {
      super(onRefused, config);
    }
  }
  const pool = new pg.Pool({
    ...connectionTo(server),
    query_timeout: QUERY_TIMEOUT_MS,
    max: POOL_SIZE,
    Client,
    onConnect: async (client) => {
      try {
        if (await beginSession(client, server)) pooled.add(client);
        onConnected(await originOf(statementsOn(client), server));
      } catch (error) {
        onRefused(error);
        throw error;
      }
    },
  });
  // The pool has dropped the connection that failed while idle; whoever queries next gets another one, or the error.
  pool.on("error", () => undefined);
  // One that fails while it is lent out rejects the query that is under way; without a listener it would end the process.
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
  });
  // A connection that comes back within a transaction (its server did not answer the ROLLBACK in time) must not serve
  // anyone else: what they write would be acknowledged and never committed.
  pool.on("release", (_error, client) => {
    if (client.getTransactionStatus() !== "I") client.end().catch(() => undefined);
  });
  return { pool, pooled };
}

/**
 * Ends its connection where that leads nowhere. pg leaves a query that timed out on the wire, and whatever comes next (Prisma's
 * ROLLBACK) waits behind it for a second timeout. And a server that only reads now, or is on its way down, has lost its place
 * to another one, which a new connection finds: the pool would keep this one for good.
 */
class ImpatientClient extends pg.Client {
  /** @param onRefused hears why it could not connect */
  constructor(onRefused: (error: unknown) => void, config?: pg.ClientConfig) {
    super(config);
    const connect: (done: (error: Error) => void) => void = this.connect.bind(this);
    this.connect = ((done: (error: Error | undefined) => void) =>
      connect((error) => {
        if (error) onRefused(error);
        done(error);
      })) as pg.Client["connect"];
    const query: (...parameters: unknown[]) => unknown = this.query.bind(this);
    const impatient = (...parameters: unknown[]): unknown => {
      const result = query(...parameters);
      if (result instanceof Promise) result.catch((error: unknown) => this.#endIfUseless(error));
      return result;
    };
    this.query = impatient as pg.Client["query"];
  }

  #endIfUseless(error: unknown): void {
    const isLate = error instanceof Error && error.message === "Query read timeout";
    if (isLate || isElsewhere(error)) this.end().catch(() => undefined);
  }
}

/** Runs statements on one connection. */
function statementsOn(client: pg.ClientBase): RunStatement {
  return async <Row>(sql: string, parameters: readonly unknown[]) =>
    (await client.query({ text: sql, values: parameters.map(toText), types: TYPES })).rows as Row[];
}

/** Runs statements on connections of the pool, each prepared once per connection where that can be: a third less CPU on either side. */
export function rawQuery(pool: pg.Pool, pooled: Pooled) {
  const names = new Map<string, string>();
  const nameOf = (sql: string): string | undefined => {
    if (!names.has(sql) && names.size < MAX_PREPARED) names.set(sql, `classwire_${names.size}`);
    return names.get(sql);
  };
  return async <Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> => {
    const statement = { text: sql, values: parameters.map(toText), types: TYPES };
    const name = nameOf(sql);
    if (name === undefined) return run<Row>(pool, () => statement);
    const prepared = { ...statement, name };
    return run<Row>(pool, (client) => (pooled.has(client) ? statement : prepared)).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError) || error.code !== FEATURE_NOT_SUPPORTED) throw error;
      return run<Row>(pool, () => statement);
    });
  };
}

/** As `pool.query`, which however would throw away the connection on every error, a violated constraint included. */
async function run<Row>(pool: pg.Pool, statementFor: (client: pg.ClientBase) => pg.QueryConfig): Promise<Row[]> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query(statementFor(client));
    client.release();
    return rows;
  } catch (error) {
    client.release(!(error instanceof pg.DatabaseError) || error.code === FEATURE_NOT_SUPPORTED);
    throw error;
  }
}

const TYPES: pg.CustomTypesConfig = { getTypeParser: parserOf };
