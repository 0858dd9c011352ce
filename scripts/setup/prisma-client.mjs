// The Prisma client, generated into src/store/generated when the schema or the version of Prisma has changed.
// @ts-check
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, keep, kept } from "./fingerprint.mjs";

/**
 * @param {string} root the project
 * @returns {import("./packages.mjs").Step}
 */
export function prismaClientStep(root) {
  const schema = join(root, "prisma", "schema.prisma");
  const stamp = join(root, "src", "store", "generated", ".fingerprint");
  const digest = () => fingerprint(root, [schema], [version(root, "prisma"), version(root, "@prisma/client")]);
  return {
    isDue: () => kept(stamp) !== digest(),
    run(say) {
      say("generating the Prisma client");
      // Generating needs no schema engine, but the command looks for one and would fetch it from outside the npm registry.
      // Any program in its place keeps it from that; Node itself is one that is there on every system.
      const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" };
      const cli = join(root, "node_modules", "prisma", "build", "index.js");
      const args = [cli, "generate", "--schema", schema, "--no-hints"];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
      if (status !== 0) throw new Error(`the Prisma client could not be generated: ${lastLine(stderr || stdout)}`);
      keep(stamp, digest());
    },
  };
}

/**
 * @param {string} root
 * @param {string} name of a package
 * @returns {string}
 */
function version(root, name) {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return String(lock.packages[`node_modules/${name}`]?.version);
}

/** @param {string} output */
function lastLine(output) {
  return output.trim().split("\n").at(-1) ?? "";
}
