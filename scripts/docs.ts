// `npm run docs` writes the generated parts of the documents; tests in test/architecture hold the documents to them.
import { readFileSync, writeFileSync } from "node:fs";
import { protocolDocument } from "./protocol-parts.ts";
import { readmeDocument } from "./readme-parts.ts";

for (const [path, written] of [
  ["docs/protocol.md", protocolDocument],
  ["README.md", readmeDocument],
] as const) {
  const file = new URL(`../${path}`, import.meta.url);
  writeFileSync(file, written(readFileSync(file, "utf8")));
}
