// The rows behind idempotency keys: claimed by one request at a time over all nodes, by the database's clock.
import { createGroupCommit } from "../store/batching/group-commit.ts";
import type { Store } from "../store/store.ts";

/** Which row: the caller, what was called, and the hash of the caller's key. */
export interface EntryName {
  readonly caller: string;
  readonly path: string;
  readonly key: string;
}

/** One try to become the request that does the work. */
export interface Claim extends EntryName {
  readonly bodyHash: string;
  /** Unique to this try; only its holder may end the entry. */
  readonly holder: string;
  /** Used when the entry is new. One that is taken over keeps its own. */
  readonly eventKey: string;
}

/** The entry is ours; or it is there already, with its answer unless that is still worked on; or it went this moment. */
export type Claimed =
  | { kind: "ours"; eventKey: string }
  | { kind: "running"; bodyHash: string }
  | { kind: "answered"; bodyHash: string; status: number; body: unknown }
  | { kind: "gone" };

/** The answer with which a holder ends its entry. `body` is JSON. */
export interface Answered {
  readonly name: EntryName;
  readonly holder: string;
  readonly status: number;
  readonly body: unknown;
}

/** Statements over `idempotency_keys`. While `status` is null, `answer` holds the key of the request's events. */
export interface Entries {
  claim(claim: Claim): Promise<Claimed>;
  /** Keeps the answer, if the entry is still the holder's. */
  answer(end: Answered): Promise<void>;
  /** Lets the next request with the same body do the work, with the same event key. */
  giveUp(name: EntryName, holder: string): Promise<void>;
  /** Says that the holder is alive. */
  touch(name: EntryName, holder: string): Promise<void>;
  /** Takes nothing more and waits for what is being written. */
  close(): Promise<void>;
}

/** When an entry is void. */
export interface Lifetimes {
  /** Seconds without a touch after which the holder of a running entry is taken for dead. */
  readonly staleSeconds: number;
  /** How long answers are kept. */
  readonly keepSeconds: number;
}

const BOUNDS = { maxItems: 500, maxWaitMs: 4_000, maxQueued: 20_000 };

const CLAIM = `
INSERT INTO idempotency_keys AS k (caller, path, key, body_hash, node, answer)
SELECT c.caller, c.path, c.key, c.body_hash, c.holder, to_json(c.event_key)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS c(caller, path, key, body_hash, holder, event_key)
 ORDER BY 1, 2, 3
ON CONFLICT (caller, path, key) DO UPDATE
   SET body_hash = excluded.body_hash, node = excluded.node, status = NULL, created_at = now(),
       answer = CASE WHEN k.created_at < now() - make_interval(secs => $8) THEN excluded.answer ELSE k.answer END
 WHERE k.created_at < now() - make_interval(secs => $8)
    OR (k.status IS NULL AND k.body_hash = excluded.body_hash AND k.created_at < now() - make_interval(secs => $7))
RETURNING node AS holder, answer AS event_key`;

const READ = `
SELECT k.caller, k.path, k.key, k.body_hash, k.status, CASE WHEN k.status IS NULL THEN NULL ELSE k.answer END AS answer
  FROM idempotency_keys k
  JOIN unnest($1::text[], $2::text[], $3::text[]) AS c(caller, path, key)
    ON k.caller = c.caller AND k.path = c.path AND k.key = c.key`;

const ANSWER = `
UPDATE idempotency_keys k SET status = e.status, answer = e.answer::json, created_at = now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[])
    AS e(caller, path, key, holder, status, answer)
 WHERE k.caller = e.caller AND k.path = e.path AND k.key = e.key AND k.node = e.holder AND k.status IS NULL`;

const MINE = "WHERE caller = $1 AND path = $2 AND key = $3 AND node = $4 AND status IS NULL";

interface Row extends EntryName {
  body_hash: string;
  status: number | null;
  answer: unknown;
}

/**
 * Creates the access to the table of keys. Claims of the same moment are one statement, and so are answers. What nobody will ask
 * for again is deleted by the retention job.
 */
export function createEntries(store: Store, { staleSeconds, keepSeconds }: Lifetimes): Entries {
  const claims = createGroupCommit<Claim, Claimed>({
    ...BOUNDS,
    conflictKeys: (claim) => [id(claim)],
    async commit(tried) {
      const won = await store.query<{ holder: string; event_key: string }>(CLAIM, [
        ...columns(tried),
        tried.map((claim) => claim.bodyHash),
        tried.map((claim) => claim.holder),
        tried.map((claim) => claim.eventKey),
        staleSeconds,
        keepSeconds,
      ]);
      const ours = new Map(won.map((row) => [row.holder, row.event_key]));
      const lost = tried.filter((claim) => !ours.has(claim.holder));
      const rows = lost.length === 0 ? [] : await store.query<Row>(READ, columns(lost));
      const found = new Map(rows.map((row) => [id(row), row]));
      return tried.map((claim) => {
        const eventKey = ours.get(claim.holder);
        return eventKey === undefined ? existing(found.get(id(claim))) : { kind: "ours", eventKey };
      });
    },
  });

  const answers = createGroupCommit<Answered, undefined>({
    ...BOUNDS,
    conflictKeys: ({ name }) => [id(name)],
    async commit(ends) {
      await store.query(ANSWER, [
        ...columns(ends.map((end) => end.name)),
        ends.map((end) => end.holder),
        ends.map((end) => end.status),
        ends.map((end) => JSON.stringify(end.body ?? null)),
      ]);
      return ends.map(() => undefined);
    },
  });

  const own = ({ caller, path, key }: EntryName, holder: string) => [caller, path, key, holder];
  return {
    claim: (claim) => claims.add(claim),
    answer: (end) => answers.add(end),
    // Stale at once, not gone: its work may be committed yet, and the next one has to find the events by the same key.
    giveUp: async (name, holder) =>
      void (await store.query(
        `UPDATE idempotency_keys SET created_at = now() - interval '${staleSeconds + 1} seconds' ${MINE}`,
        own(name, holder),
      )),
    touch: async (name, holder) =>
      void (await store.query(`UPDATE idempotency_keys SET created_at = now() ${MINE}`, own(name, holder))),
    async close() {
      await claims.close();
      await answers.close();
    },
  };
}

function existing(row: Row | undefined): Claimed {
  if (row === undefined) return { kind: "gone" };
  const { body_hash: bodyHash, status, answer } = row;
  return status === null ? { kind: "running", bodyHash } : { kind: "answered", bodyHash, status, body: answer };
}

function columns(names: readonly EntryName[]): [string[], string[], string[]] {
  return [names.map((name) => name.caller), names.map((name) => name.path), names.map((name) => name.key)];
}

function id({ caller, path, key }: EntryName): string {
  return JSON.stringify([caller, path, key]);
}
