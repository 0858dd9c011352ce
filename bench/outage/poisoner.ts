// Poisons a Redis from a process of its own, which is warm when it begins, so that the measuring one has nothing to do with it.
// Forked with <redis url> <messages> <messages a second>; begins when it is told to, and ends when it has sent them.
import { setTimeout as sleep } from "node:timers/promises";
import { poison } from "../../test/scenarios/poison.ts";

const [url = "", count = "0", perSecond = "0"] = process.argv.slice(2);
const BATCH = 20;
process.once("message", async () => {
  const began = performance.now();
  for (let sent = 0; sent < Number(count); sent += BATCH) {
    await poison(url, BATCH, sent);
    const ahead = began + (sent / Number(perSecond)) * 1000 - performance.now();
    if (ahead > 0) await sleep(ahead);
  }
  process.exit();
});
process.send?.("ready");
