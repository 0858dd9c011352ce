// What connections may do: how many of a user there are, how many messages they send, and who may hear no more.
import type { Closed, Delivered, Granted, Handled, Limits, Opened, Revoked } from "./records.ts";
import type { Violations } from "./violations.ts";

/** A connection that is open. */
interface Open {
  readonly user: string;
  readonly namespace: string;
}

/** Connections of one user in one namespace. */
interface Excess {
  count: number;
  /** Since when there have been too many. */
  since: number | undefined;
}

/** Messages of one connection: the j-th one was handled at `a`, so that j − rate × a is at most the lowest i − rate × sent. */
interface Flow {
  handled: number;
  lowest: number;
  told: boolean;
}

/** Judges the connections of a run, record by record. */
export class Conduct {
  readonly #violations: Violations;
  #limits: Limits | undefined;
  readonly #open = new Map<string, Open>();
  readonly #users = new Map<string, Excess>();
  readonly #flows = new Map<string, Flow>();
  readonly #revoked = new Map<string, Revoked>();
  readonly #userOf = new Map<string, string>();

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  limits(limits: Limits): void {
    this.#limits = limits;
  }

  opened({ client, connection, user, namespace, time }: Opened): void {
    this.#userOf.set(client, user);
    this.#open.set(`${client} ${connection}`, { user, namespace });
    this.#count(user, namespace, 1, time);
  }

  closed({ client, connection, time }: Closed): void {
    const name = `${client} ${connection}`;
    const open = this.#open.get(name);
    if (open === undefined) return;
    this.#open.delete(name);
    this.#flows.delete(name);
    this.#count(open.user, open.namespace, -1, time);
  }

  revoked(record: Revoked): void {
    this.#revoked.set(record.user, record);
  }

  granted({ user }: Granted): void {
    this.#revoked.delete(user);
  }

  delivered({ client, channel, number, time }: Delivered): void {
    if (this.#revoked.size === 0) return;
    const revoked = this.#revoked.get(this.#userOf.get(client) ?? "");
    if (revoked === undefined || time <= revoked.time + revoked.graceMs) return;
    const late = time - revoked.time;
    this.#violations.add("after revocation", `${client} got ${number} of ${channel} ${late} ms after it`);
  }

  handled({ client, connection, sent, time }: Handled): void {
    const rate = this.#limits?.messagesPerSecond;
    if (rate === undefined) return;
    const name = `${client} ${connection}`;
    const flow = this.#flows.get(name) ?? { handled: 0, lowest: Number.POSITIVE_INFINITY, told: false };
    this.#flows.set(name, flow);
    flow.handled++;
    flow.lowest = Math.min(flow.lowest, flow.handled - (rate * sent) / 1000);
    const burst = 2 * rate;
    const most = burst + flow.lowest + (rate * time) / 1000;
    if (flow.handled <= most - 1 || flow.told) return;
    flow.told = true;
    this.#violations.add("too many messages", `${name}: ${flow.handled} handled, ${Math.floor(most)} allowed`);
  }

  #count(user: string, namespace: string, change: number, time: number): void {
    const most = this.#limits?.connections?.[namespace];
    if (most === undefined) return;
    const name = `${user} ${namespace}`;
    const users = this.#users.get(name) ?? { count: 0, since: undefined };
    this.#users.set(name, users);
    if (users.since !== undefined && time - users.since > (this.#limits?.graceMs ?? 0)) {
      this.#violations.add("too many connections", `${name}: ${users.count} of ${most} for ${time - users.since} ms`);
      users.since = undefined;
    }
    users.count += change;
    if (users.count <= most) users.since = undefined;
    else users.since ??= time;
    if (users.count === 0) this.#users.delete(name);
  }

  /** The end of the history: what is too much then lasts. */
  finish(time: number): void {
    for (const [name, { count, since }] of this.#users)
      if (since !== undefined && time - since > (this.#limits?.graceMs ?? 0))
        this.#violations.add("too many connections", `${name}: ${count} until the end`);
  }
}
