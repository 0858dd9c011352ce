// What `npm start`, `npm test` and the other commands need before they run: packages, Prisma client, build, test services.
// Only Node's built-ins: it runs before anything is installed. Usage: node scripts/bootstrap.mjs [generate | build] [services]
// @ts-check
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildStep } from "./setup/build.mjs";
import { withLock } from "./setup/lock.mjs";
import { packagesStep } from "./setup/packages.mjs";
import { prismaClientStep } from "./setup/prisma-client.mjs";
import { ensureTestServices } from "./test-services.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = new Set(process.argv.slice(2));
/** @param {string} text */
const say = (text) => process.stderr.write(`classwire: ${text}\n`);

try {
  await bootstrap();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function bootstrap() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12))
    throw new Error(
      `Node.js ${process.versions.node} is too old: 20.19, 22.12 or later is needed (https://nodejs.org)`,
    );
  const steps = [packagesStep(root)];
  if (wanted.has("generate") || wanted.has("build")) steps.push(prismaClientStep(root));
  if (wanted.has("build")) steps.push(buildStep(root));
  // The lock is for two commands at once in a fresh clone; when nothing is to do, which is usual, nobody waits.
  if (steps.some((step) => step.isDue()))
    await withLock(join(root, ".setup.lock"), () => {
      for (const step of steps) if (step.isDue()) step.run(say);
    });
  if (wanted.has("services")) ensureTestServices(say);
}
