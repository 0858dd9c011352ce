// A process of its own that holds a data directory: opens the store, writes without end, prints what was acknowledged.
import { openStore } from "../../src/store/store.ts";

const [dir = ""] = process.argv.slice(2);
const store = await openStore({ kind: "embedded", dir });
console.log("open");
for (let n = 0; ; n += 1) {
  await store.query("INSERT INTO settings VALUES ($1, '')", [`raw-${n}`]);
  await store.prisma.$transaction(async (tx) => {
    await tx.setting.create({ data: { name: `prisma-${n}`, value: "" } });
    await tx.setting.create({ data: { name: `second-${n}`, value: "" } });
  });
  console.log(`acknowledged ${n}`);
}
