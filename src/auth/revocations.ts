// Revoked tokens: one by its `jti`, or all of a user that were issued before an instant.
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Bus } from "../cluster/bus.ts";
import { Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import type { Store } from "../store/store.ts";
import { fingerprintOf, RECORD_SQL, RevokedTable } from "./revoked-table.ts";

/** What is revoked: the token with this `jti`, or every token that a user was issued before the revocation. */
export type Revoked = { readonly tokenId: string } | { readonly user: string };

/**
 * The revoked tokens, held in memory as fingerprints: checks do not ask the database. They are kept for as long as a token may
 * live; what they refuse has expired by then.
 */
export interface Revocations {
  /**
   * Stores a revocation and tells every node. That of a user resolves only when its instant is reached, within a second: a token
   * counts its age in whole seconds (`iat`), so that of two tokens of one second nobody could tell which was issued after it.
   * @returns its instant, a whole second: tokens that the user is issued from then on are valid
   * @throws the database's error; then nothing is revoked
   */
  revoke(what: Revoked): Promise<Date>;
  /** @throws Failure INVALID_TOKEN when the token behind the identity was revoked */
  check(identity: Identity): void;
  /** Calls `listener` for every new revocation, also for those of other nodes. @returns a function that removes it */
  onRevoked(listener: (what: Revoked) => void): () => void;
  /** Reads the newest revocations from the database: messages of other nodes may be lost. */
  refresh(): Promise<void>;
  /** Stops listening and refreshing. */
  close(): void;
}

/** Dependencies of the revocations. */
export interface RevocationsOptions {
  store: Store;
  bus: Bus;
  /** Days after which revocations are deleted: no token lives that long. {@link KEEP_DAYS} where nothing is said. */
  keepDays?: number | undefined;
  /** Called when a background refresh fails; the next one follows. */
  onFailure?: (error: unknown) => void;
  /** Milliseconds between two refreshes, for tests. */
  everyMs?: number;
}

/** The topic of the cluster bus. */
const TOPIC = "revocations";
/** Between two refreshes, in milliseconds. */
const REFRESH_MS = 30_000;
/** Where tokens may live as long as they like, a revocation is forgotten after ten years: its token is accepted again then. */
const KEEP_DAYS = 3650;
const DAY_MS = 86_400_000;
/** Blocks (of 8 kB) that are read at once at the start, some 80 000 rows, and rows that are deleted at once. */
const BLOCKS = 1_024;
const DELETED = 1_000;
/** A refresh also reads this much before the last one: transactions that began before it may have ended after it. */
const OVERLAP_SECONDS = 60;

/** A revocation as nodes tell each other; `before` is in epoch milliseconds. */
const revocation = z.object({ kind: z.enum(["token", "user"]), subject: z.string(), before: z.number() });
type Revocation = z.infer<typeof revocation>;

const REVOKE = `
INSERT INTO revocations (kind, subject, before)
VALUES ($1, $2, date_trunc('second', clock_timestamp()) + interval '1 second')
ON CONFLICT (kind, subject) DO UPDATE SET before = excluded.before, created_at = now()
RETURNING before, (extract(epoch FROM before - clock_timestamp()) * 1000)::float8 AS wait_ms`;

const SINCE = `
SELECT kind, subject, before, created_at FROM revocations
 WHERE created_at >= $1::timestamptz - make_interval(secs => ${OVERLAP_SECONDS})`;

// At the start, all of them, in the order in which they lie on the disk; records that are not parsed, and hundreds of thousands of
// strings that are not made. A row that moves meanwhile was revoked anew, which the first refresh finds.
const LOAD = `
SELECT string_agg(${RECORD_SQL}, ''::bytea) AS records, max(created_at) AS newest,
       pg_relation_size('revocations') / current_setting('block_size')::int AS blocks
  FROM revocations WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND created_at > now() - make_interval(days => $3)`;

// Looked at twice: one that has been revoked anew meanwhile stays.
const DELETE = `
DELETE FROM revocations WHERE created_at < now() - make_interval(days => $1) AND ctid IN (
  SELECT ctid FROM revocations WHERE created_at < now() - make_interval(days => $1) ORDER BY created_at LIMIT ${DELETED})`;

interface Loaded {
  readonly records: Uint8Array | null;
  readonly newest: Date | null;
  readonly blocks: number;
}

/** Creates the revocations of one node, with all earlier ones loaded. @throws the database's error */
export async function createRevocations(options: RevocationsOptions): Promise<Revocations> {
  const { store, bus, onFailure, everyMs = REFRESH_MS } = options;
  const keepDays = (options.keepDays ?? KEEP_DAYS) + 1; // clocks differ, and tokens have their leeway
  const known = new RevokedTable(keepDays * DAY_MS);
  const listeners = new Set<(what: Revoked) => void>();
  let newest = new Date(0);

  function add({ kind, subject, before }: Revocation): void {
    if (!known.set(fingerprintOf(kind, subject), before)) return;
    for (const listener of listeners) listener(kind === "token" ? { tokenId: subject } : { user: subject });
  }

  async function load(): Promise<void> {
    for (let from = 0, blocks = 1; from < blocks; from += BLOCKS) {
      const [page] = await store.query<Loaded>(LOAD, [`(${from},0)`, `(${from + BLOCKS},0)`, keepDays]);
      if (page === undefined) return;
      if (page.records !== null) known.setAll(page.records);
      if (page.newest !== null && page.newest > newest) newest = page.newest;
      blocks = page.blocks;
    }
  }

  async function refresh(): Promise<void> {
    const rows = await store.query<{ kind: string; subject: string; before: Date; created_at: Date }>(SINCE, [newest]);
    for (const { kind, subject, before, created_at } of rows) {
      add(revocation.parse({ kind, subject, before: before.getTime() }));
      if (created_at > newest) newest = created_at;
    }
  }

  await load();
  await refresh();
  const refreshInBackground = (): void => void refresh().catch((error: unknown) => onFailure?.(error));
  const deleteInBackground = (): void =>
    void store.query(DELETE, [keepDays]).catch((error: unknown) => onFailure?.(error));
  const timers = [setInterval(refreshInBackground, everyMs), setInterval(deleteInBackground, everyMs)];
  for (const timer of timers) timer.unref();
  const stops = [
    () => timers.forEach(clearInterval),
    bus.onReconnect(refreshInBackground),
    bus.subscribe(TOPIC, (message) => {
      const parsed = revocation.safeParse(message);
      if (parsed.success) add(parsed.data);
    }),
  ];

  return {
    async revoke(what) {
      const [kind, subject] = "tokenId" in what ? (["token", what.tokenId] as const) : (["user", what.user] as const);
      const [row] = await store.query<{ before: Date; wait_ms: number }>(REVOKE, [kind, subject]);
      if (row === undefined) throw new Failure("SERVER_ERROR");
      const revoked = { kind, subject, before: row.before.getTime() };
      add(revoked);
      bus.publish(TOPIC, revoked);
      if (kind === "user") await delay(Math.max(0, row.wait_ms));
      return row.before;
    },
    check({ id, tokenId, issuedAt }) {
      const before = known.get(fingerprintOf("user", id));
      // A token that does not say when it was issued may be an old one.
      const byUser = before !== undefined && (issuedAt === undefined || issuedAt < before);
      const byToken = tokenId !== undefined && known.get(fingerprintOf("token", tokenId)) !== undefined;
      const reason = byToken ? "its jti was revoked" : "it was issued before its user was revoked";
      if (byUser || byToken) throw new Failure("INVALID_TOKEN", "the token was revoked", { reason });
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    close() {
      for (const stop of stops) stop();
    },
  };
}
