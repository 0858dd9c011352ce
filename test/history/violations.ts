// What can be wrong with a history, and how much of it was found.

/** The rules of the checker, by their names, and what a breach of each means. */
export const RULES = {
  lost: "acknowledged to its publisher, and a subscriber that should have it has not",
  duplicate: "delivered twice to a client that is promised to get it once",
  disordered: "delivered behind a later event of its channel",
  hole: "an offset of a channel that no event has",
  "two events, one offset": "two events of a channel have the same offset",
  "one event, two offsets": "one event has two offsets or ids",
  phantom: "delivered or kept, but never published so",
  "after revocation": "delivered to a user who may hear no more",
  "too many connections": "a user has more connections than allowed",
  "too many messages": "more messages of a connection were handled than allowed",
  "false recovery": "`recovered: true` was said, and events are missing behind it",
  "acked again": "replayed although it was acknowledged by the client",
} as const;

/** The name of a rule. */
export type Rule = keyof typeof RULES;

/** Breaches of one rule: how many, and the first few in words. */
export interface Breach {
  count: number;
  readonly examples: string[];
}

/** Collects what is wrong. */
export class Violations {
  readonly #byRule = new Map<Rule, Breach>();

  /** Notes a breach; `times` when it is several of a kind. */
  add(rule: Rule, example: string, times = 1): void {
    const breach = this.#byRule.get(rule) ?? { count: 0, examples: [] };
    this.#byRule.set(rule, breach);
    breach.count += times;
    if (breach.examples.length < 5) breach.examples.push(example);
  }

  /** By rule, those that were broken only. */
  get all(): Readonly<Partial<Record<Rule, Breach>>> {
    return Object.fromEntries(this.#byRule);
  }
}
