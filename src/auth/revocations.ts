// Revoked tokens: one by its `jti`, or all of a user that were issued before an instant.
import { z } from "zod";
import type { Bus } from "../cluster/bus.ts";
import { Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import type { Store } from "../store/store.ts";

/** What is void: the token with this `jti`, or every token of a user issued before now. */
export type Revoked = { readonly tokenId: string } | { readonly user: string };

/** Knows, without asking the database, which tokens are void. */
export interface Revocations {
  /** Keeps it, and tells every node. @returns the instant: a user's tokens issued from then on are good */
  revoke(what: Revoked): Promise<Date>;
  /** @throws Failure INVALID_TOKEN when the token behind the identity was revoked */
  check(identity: Identity): void;
  /** Hears of every revocation from now on, also of other nodes'. @returns what ends it */
  onRevoked(listener: (what: Revoked) => void): () => void;
  /** Reads what was revoked meanwhile, in case that a message was lost. */
  refresh(): Promise<void>;
  /** Stops listening and refreshing. */
  close(): void;
}

/** What the service needs. */
export interface RevocationsOptions {
  store: Store;
  bus: Bus;
  /** Told when a refresh fails; the next one comes by itself. */
  onFailure?: (error: unknown) => void;
}

const TOPIC = "revocations";
const REFRESH_MS = 30_000;
/** Rows of transactions that began before the last refresh and ended after it are read again. */
const OVERLAP_SECONDS = 60;

const entry = z.object({ kind: z.enum(["token", "user"]), subject: z.string(), before: z.number() });
type Entry = z.infer<typeof entry>;

const REVOKE = `
INSERT INTO revocations (kind, subject, before) VALUES ($1, $2, now())
ON CONFLICT (kind, subject) DO UPDATE SET before = excluded.before, created_at = now()
RETURNING before`;

const SINCE = `
SELECT kind, subject, before, created_at FROM revocations
 WHERE created_at >= $1::timestamptz - make_interval(secs => ${OVERLAP_SECONDS})`;

/** Makes the service for one node, with everything that was revoked before already known. */
export async function createRevocations({ store, bus, onFailure }: RevocationsOptions): Promise<Revocations> {
  /** Epoch milliseconds by kind and subject. */
  const known = { token: new Map<string, number>(), user: new Map<string, number>() };
  const listeners = new Set<(what: Revoked) => void>();
  let newest = new Date(0);

  function learn({ kind, subject, before }: Entry): void {
    if ((known[kind].get(subject) ?? -1) >= before) return;
    known[kind].set(subject, before);
    for (const listener of listeners) listener(kind === "token" ? { tokenId: subject } : { user: subject });
  }

  async function refresh(): Promise<void> {
    const rows = await store.query<{ kind: string; subject: string; before: Date; created_at: Date }>(SINCE, [newest]);
    for (const { kind, subject, before, created_at } of rows) {
      learn(entry.parse({ kind, subject, before: before.getTime() }));
      if (created_at > newest) newest = created_at;
    }
  }

  await refresh();
  const again = (): void => void refresh().catch((error: unknown) => onFailure?.(error));
  const timer = setInterval(again, REFRESH_MS).unref();
  const endings = [
    () => clearInterval(timer),
    bus.onReconnect(again),
    bus.subscribe(TOPIC, (message) => {
      const parsed = entry.safeParse(message);
      if (parsed.success) learn(parsed.data);
    }),
  ];

  return {
    async revoke(what) {
      const [kind, subject] = "tokenId" in what ? (["token", what.tokenId] as const) : (["user", what.user] as const);
      const [row] = await store.query<{ before: Date }>(REVOKE, [kind, subject]);
      if (row === undefined) throw new Failure("SERVER_ERROR");
      const revoked = { kind, subject, before: row.before.getTime() };
      learn(revoked);
      bus.publish(TOPIC, revoked);
      return row.before;
    },
    check({ id, tokenId, issuedAt }) {
      const before = known.user.get(id);
      // A token that does not say when it was issued may be an old one.
      const byUser = before !== undefined && (issuedAt === undefined || issuedAt < before);
      const byToken = tokenId !== undefined && known.token.has(tokenId);
      if (byUser || byToken) throw new Failure("INVALID_TOKEN", "the token was revoked");
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    close() {
      for (const end of endings) end();
    },
  };
}
