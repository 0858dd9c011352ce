// This node's standing with Redis: its session, and whether to ask Redis or to decide alone.
import type { ClusterLog } from "../cluster.ts";
import { Listeners } from "../listeners.ts";
import type { RedisClients } from "./clients.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScripts, type ScriptName } from "./scripts.ts";
import { Unavailable } from "./unavailable.ts";

/** `joining`: Redis answers, and this node's entries are being written back. */
export type SessionState = "down" | "joining" | "up";

/** What the redis asks of whoever keeps this node's entries. */
export type OwnEntries = {
  /** Whether there are entries that the current session has not written yet. */
  hasUnwritten(): boolean;
  /** Writes them, through {@redis RedisSession.send}. */
  write(): Promise<void>;
};

/** Earlier sessions that are taken over at most; older ones expire and are swept like those of any node. */
const MAX_RETIRED = 8;
const RETRY_MS = 300;

const nothing = (): void => undefined;

/**
 * Every time Redis may have lost or missed something (a cut, an unanswered command, a restart, a freeze of this
 * process) a new session begins: commands of an earlier one that still arrive are refused by the scripts, this node's
 * entries are registered again, and what the earlier session alone had is swept. So nothing needs to be known about
 * which of the commands in pending were carried out.
 */
export class RedisSession {
  readonly node: string;
  readonly keys: RedisKeys;
  readonly #clients: RedisClients;
  readonly #logger: ClusterLog | undefined;
  readonly #scripts: ReturnType<typeof loadScripts>;
  readonly #changes = new Listeners<SessionState>();
  readonly #started: Promise<void>;
  #register: OwnEntries | undefined;
  #state: SessionState = "down";
  #session = 0;
  #greeted = false;
  #retired: string[] = [];
  #joining: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(node: string, keys: RedisKeys, clients: RedisClients, logger?: ClusterLog) {
    this.node = node;
    this.keys = keys;
    this.#scripts = loadScripts(keys.prefix);
    this.#clients = clients;
    this.#logger = logger;
    this.#started = new Promise((resolve) => {
      const timer = setTimeout(resolve, clients.timing.deadlineMs);
      this.#changes.add((state) => {
        if (state === "joining") return;
        clearTimeout(timer);
        resolve();
      });
    });
    clients.health.onChange((health) => (health === "up" ? this.#join() : this.#set("down")));
  }

  /** Begins, with the maintenance of the entries to be written back. */
  start(register: OwnEntries): void {
    this.#register = register;
    if (this.#clients.health.isUp()) this.#join();
  }

  state(): SessionState {
    return this.#state;
  }

  /** The number of the current session, from 1. Entries carry the one that has registered them. */
  session(): number {
    return this.#session;
  }

  /** The id of the current session in Redis. */
  owner(): string {
    return `${this.node}.${this.#session}`;
  }

  /** Earlier sessions of this node that are yet to be swept. */
  retired(): readonly string[] {
    return this.#retired;
  }

  /** An earlier session has been swept. */
  swept(owner: string): void {
    this.#retired = this.#retired.filter((retired) => retired !== owner);
  }

  /** Hears every change of state; returns how to stop. */
  onChange(listener: (state: SessionState) => void): () => void {
    return this.#changes.add(listener);
  }

  /**
   * Runs a script on `key` for the current session and hands its answer to `note`, in the order of the calls: what the
   * answer changes here must be changed there. @throws Unavailable unless the redis is up and Redis answers
   */
  call<T>(script: ScriptName, key: string, args: string[], note: (reply: unknown) => T): Promise<T> {
    if (this.#state !== "up") return Promise.reject(new Unavailable(`the redis is ${this.#state}`));
    return this.send(script, key, args, note);
  }

  /** The same while joining: for entries that the new session knows already. */
  send<T>(script: ScriptName, key: string, args: string[], note: (reply: unknown) => T): Promise<T> {
    const { ttlMs, keepMs } = this.#clients.timing;
    const sha = this.#scripts.get(script)?.sha ?? "";
    return this.command(["EVALSHA", sha, "1", key, this.owner(), String(ttlMs), String(keepMs), ...args], note);
  }

  /** Sends a release, whose failure means nothing: the session ends then, and the entry with it. */
  async tell(script: ScriptName, key: string, args: string[], note: (reply: unknown) => void): Promise<void> {
    if (this.#state === "down") return;
    await this.send(script, key, args, note).catch(() => undefined);
  }

  /** Sends a plain command. @throws Unavailable when Redis does not answer or refuses */
  command<T>(args: string[], note: (reply: unknown) => T): Promise<T> {
    const session = this.#session;
    return this.#clients.command(args, note).catch((error: unknown) => {
      // STALE: taken for dead. NOSCRIPT: the scripts are gone. Anything else: no answer to rely on. Start over.
      if (!(error instanceof Unavailable) && session === this.#session) this.#distrust(error);
      throw error instanceof Unavailable ? error : new Unavailable(String(error));
    });
  }

  /**
   * Decides by Redis if it answers, else locally. Waits while this node's entries are being written back, as they
   * count.
   */
  async decide<T>(remote: () => Promise<T>, local: () => T | Promise<T>): Promise<T> {
    await this.#started;
    for (let attempt = 0; attempt < 3; attempt++) {
      await this.#joining;
      if (this.#state !== "up") return local();
      try {
        return await remote();
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
      }
    }
    // Decided alone although Redis seems to be there: it has to be told.
    if (this.#state === "up") this.#distrust("commands keep failing");
    return local();
  }

  /** Resolves when it is known whether Redis answers. */
  started(): Promise<void> {
    return this.#started;
  }

  /** Notes a fault of this program that must not end it. */
  report(error: unknown): void {
    this.#logger?.warn({ reason: String(error) }, "the cluster's maintenance failed");
  }

  /** Ends it: from now on everything is decided locally. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#set("down");
    this.#changes.clear();
  }

  #distrust(reason: unknown): void {
    if (this.#state !== "up") return;
    this.#logger?.warn({ reason: String(reason) }, "joining Redis again");
    this.#set("down");
    this.#join();
  }

  #set(state: SessionState): void {
    if (state === "down" && this.#greeted) {
      this.#retired = [...this.#retired, this.owner()].slice(-MAX_RETIRED);
      this.#greeted = false;
    }
    this.#state = state;
    this.#changes.tell(state);
  }

  #join(): void {
    if (this.#joining !== undefined || this.#closed || this.#register === undefined) return;
    this.#joining = this.#begin(this.#register)
      .catch((error: unknown) => {
        if (!(error instanceof Unavailable)) this.#logger?.warn({ reason: String(error) }, "could not join Redis");
        this.#set("down");
      })
      .finally(() => {
        this.#joining = undefined;
        if (this.#state !== "down" || this.#closed) return;
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#clients.health.isUp() && this.#join(), RETRY_MS);
        this.#retry.unref();
      });
  }

  async #begin(register: OwnEntries): Promise<void> {
    this.#session += 1;
    const session = this.#session;
    this.#set("joining");
    const loads = [...this.#scripts.values()].map(({ source }) => this.command(["SCRIPT", "LOAD", source], nothing));
    const hello = this.send("hello", this.keys.nodes, [...this.#retired], () => {
      this.#greeted = true;
    });
    await Promise.all([...loads, hello]);
    while (register.hasUnwritten()) await register.write();
    // The health may have stopped meanwhile; a failed command has thrown then, but there may have been none.
    if (this.#state !== "joining" || session !== this.#session) throw new Unavailable("interrupted");
    this.#set("up");
  }
}
