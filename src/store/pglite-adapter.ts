// Prisma's driver adapter for the embedded server: pglite-prisma-adapter's translations, with transactions of our own.
import type { PGlite, Transaction as PGliteTransaction } from "@electric-sql/pglite";
import type { SqlDriverAdapterFactory } from "@prisma/client/runtime/client";
import { PrismaPGlite } from "pglite-prisma-adapter";
import type { Engine } from "./pglite-engine.ts";

type Adapter = Awaited<ReturnType<SqlDriverAdapterFactory["connect"]>>;
type Transaction = Awaited<ReturnType<Adapter["startTransaction"]>>;

/** What a transaction is ended with that is to be rolled back; PGlite rolls back when its callback fails. */
class Rollback extends Error {}

/**
 * The adapter of the package (0.7.2) reports a transaction as committed whose COMMIT has failed, does not wait for its
 * ROLLBACK, sets the isolation level outside the transaction and has no savepoints. So of the package there is only what
 * translates statements and rows; transactions are PGlite's own `transaction`, which keeps everyone else out until it ends.
 */
export function prismaAdapter(engine: Engine): SqlDriverAdapterFactory {
  const query: PGlite["query"] = (sql, parameters, options) =>
    engine.run((server) => server.query(sql, parameters, options));
  return {
    provider: "postgres",
    adapterName: "classwire-pglite",
    async connect() {
      const adapter = await translating(query);
      adapter.executeScript = async (script) => void (await engine.run((server) => server.exec(script)));
      adapter.startTransaction = (isolationLevel) => startTransaction(engine, isolationLevel);
      return adapter;
    },
  };
}

/** The package's adapter over anything that can `query`, which is all that its translating part uses of a PGlite. */
function translating(query: PGlite["query"]): Promise<Adapter> {
  return new PrismaPGlite({ query } as PGlite).connect();
}

async function startTransaction(engine: Engine, isolationLevel: string | undefined): Promise<Transaction> {
  const begun = deferred<PGliteTransaction>();
  const ending = deferred<void>();
  const ended = engine.run((server) =>
    server.transaction(async (transaction) => {
      if (isolationLevel !== undefined) await transaction.exec(`SET TRANSACTION ISOLATION LEVEL ${isolationLevel}`);
      begun.resolve(transaction);
      await ending.promise;
    }),
  );
  ended.catch(begun.reject);
  const transaction = await begun.promise;
  const exec = async (statement: string) => void (await transaction.exec(statement));
  const adapter = await translating(transaction.query);
  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    queryRaw: (statement) => adapter.queryRaw(statement),
    executeRaw: (statement) => adapter.executeRaw(statement),
    /** PGlite sends COMMIT and ROLLBACK itself. */
    options: { usePhantomQuery: true },
    async commit() {
      ending.resolve();
      await ended;
    },
    async rollback() {
      ending.reject(new Rollback());
      await ended.catch((error: unknown) => {
        if (!(error instanceof Rollback)) throw error;
      });
    },
    createSavepoint: (name) => exec(`SAVEPOINT ${name}`),
    rollbackToSavepoint: (name) => exec(`ROLLBACK TO SAVEPOINT ${name}`),
    releaseSavepoint: (name) => exec(`RELEASE SAVEPOINT ${name}`),
  };
}

/** A promise that is settled from outside (`Promise.withResolvers`, which Node 20 has not). */
function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
