// A node on the embedded database in the directory of its first argument, to be killed: it prints what is acknowledged to it.
import { createEventLog } from "../../src/event-log/event-log.ts";
import { createStudyTime } from "../../src/services/study-time.ts";
import { openStore } from "../../src/store/store.ts";
import { startLoad } from "./load.ts";

const [, , dir = ""] = process.argv;
const store = await openStore({ kind: "embedded", dir });
const log = createEventLog({ store, retention: { days: 7, count: 1_000_000 } });
const studyTime = createStudyTime(store);
const { connectedAt } = await studyTime.open("user-0", "course");
const load = startLoad(log, studyTime, connectedAt - 3_600_000);

let told = 0;
for (;;) {
  const fresh = [...load.acknowledged].slice(told);
  told += fresh.length;
  if (fresh.length > 0) console.log(`acknowledged ${JSON.stringify([fresh, [...load.totals]])}`);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
