// The options of a soak, as they are typed: `--rounds 100 --acknowledged 2000000`.
import { parseArgs } from "node:util";

/** What a soak may be told. Everything has a value. */
export interface SoakOptions {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly hours: number;
  readonly clients: number;
  readonly seed: number;
  /** `postgres` or `pglite`. */
  readonly database: string;
  /** The history is kept also when nothing is wrong with it. */
  readonly keep: boolean;
}

/** Reads the command line. Ends the process with 2 when something in it is wrong. */
export function soakOptions(defaults: Partial<SoakOptions> = {}, args = process.argv.slice(2)): SoakOptions {
  const all = { rounds: 20, acknowledged: 100_000, hours: 1, clients: 5000, seed: Date.now() % 1_000_000, ...defaults };
  const numbers = ["rounds", "acknowledged", "hours", "clients", "seed"] as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        ...Object.fromEntries(numbers.map((name) => [name, { type: "string" as const }])),
        database: { type: "string" as const },
        keep: { type: "boolean" as const },
      },
    });
    const given = Object.fromEntries(
      numbers.map((name) => [
        name,
        numberOf(name, values[name as keyof typeof values] as string | undefined, all[name]),
      ]),
    ) as Record<(typeof numbers)[number], number>;
    const database = String(values["database"] ?? defaults.database ?? "postgres");
    if (database !== "postgres" && database !== "pglite") throw new Error("--database must be postgres or pglite");
    return { ...given, database, keep: values["keep"] === true };
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}

function numberOf(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!(value >= 0) || (name !== "hours" && !Number.isInteger(value))) throw new Error(`--${name} must be a number`);
  return value;
}
