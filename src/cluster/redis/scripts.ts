// The Lua scripts: read from their files, put together, and named by the hash that Redis knows them by.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * The scripts of each file of `lua/`, and the files whose shared part each needs (common.lua's always stands first). A
 * file begins with what its scripts share; the line `--- <name>` begins a script.
 */
const FILES = {
  sessions: {
    hello: [],
    beat: [],
    nodes: [],
    touch: [],
    register: ["leases", "presence"],
    sweep: ["leases", "presence"],
  },
  slots: { "slot-take": [], "slot-release": [] },
  leases: {
    "lease-take": ["leases"],
    "lease-release": ["leases"],
    "lease-changes": ["leases"],
    "lease-look": ["leases"],
  },
  presence: { "presence-enter": ["presence"], "presence-leave": ["presence"], "presence-size": ["presence"] },
  rates: { rate: [] },
} as const satisfies Record<string, Record<string, readonly string[]>>;

type NamesOf<File> = File extends unknown ? keyof File & string : never;

/** The name of a script: the line `--- <name>` begins it. */
export type ScriptName = NamesOf<(typeof FILES)[keyof typeof FILES]>;

/** A script as Redis gets it; `sha` is the SHA-1 that EVALSHA names it by. */
export type Script = { readonly source: string; readonly sha: string };

/**
 * Reads all scripts for the cluster whose keys begin with `prefix` (which the settings let be letters, digits and `_.:-`).
 * @throws Error when one is missing, which is a broken installation
 */
export const loadScripts = (prefix: string): ReadonlyMap<ScriptName, Script> => {
  const common = read("common").replace("@PREFIX@", prefix);
  const files = new Map(Object.keys(FILES).map((file) => [file, sectionsOf(read(file))]));
  const all = Object.entries<Record<string, readonly string[]>>(FILES).flatMap(([file, scripts]) =>
    Object.entries(scripts).map(([name, needs]): [ScriptName, Script] => {
      const body = files.get(file)?.bodies.get(name);
      if (body === undefined) throw new Error(`lua/${file}.lua has no script ${name}`);
      const source = [common, ...needs.map((need) => files.get(need)?.shared), body].join("\n");
      return [name as ScriptName, { source, sha: createHash("sha1").update(source).digest("hex") }];
    }),
  );
  return new Map(all);
};

const read = (file: string): string => readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), "utf8");

/** A file's shared part and its scripts by name. */
function sectionsOf(text: string): { shared: string; bodies: ReadonlyMap<string, string> } {
  const [shared = "", ...parts] = text.split(/^--- /m);
  const bodies = parts.map((part): [string, string] => {
    const end = part.indexOf("\n");
    return [part.slice(0, end), part.slice(end + 1)];
  });
  return { shared, bodies: new Map(bodies) };
}
