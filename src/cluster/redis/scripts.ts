// The Lua scripts: read from their files, put together, and named by the hash that Redis knows them by.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Each script and the shared parts that stand before it (common.lua always does). */
const PARTS = {
  hello: [],
  beat: [],
  nodes: [],
  touch: [],
  register: ["leases", "presence"],
  sweep: ["leases", "presence"],
  rate: [],
  "slot-take": [],
  "slot-release": [],
  "lease-take": ["leases"],
  "lease-release": ["leases"],
  "lease-holds": ["leases"],
  "lease-changes": ["leases"],
  "lease-look": ["leases"],
  "presence-enter": ["presence"],
  "presence-leave": ["presence"],
  "presence-size": ["presence"],
} as const satisfies Record<string, readonly string[]>;

/** The name of a script: its file without `.lua`. */
export type ScriptName = keyof typeof PARTS;

/** A script as Redis gets it; `sha` is the SHA-1 that EVALSHA names it by. */
export type Script = { readonly source: string; readonly sha: string };

const read = (file: string): string => readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), "utf8");

/** Reads all scripts. @throws when a file is missing, which is a broken installation. */
export const loadScripts = (): ReadonlyMap<ScriptName, Script> => {
  const names = Object.keys(PARTS) as ScriptName[];
  return new Map(
    names.map((name) => {
      const source = ["common", ...PARTS[name], name].map(read).join("\n");
      return [name, { source, sha: createHash("sha1").update(source).digest("hex") }];
    }),
  );
};
