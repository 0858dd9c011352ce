// An honest client beside the fire, in a process of its own. Forked with the server's URL; says its figures when it is told to.
import { connectHonest } from "../soak/heartbeats.ts";

const honest = connectHonest(process.argv[2] ?? "", "honest");
process.on("message", () => process.send?.(honest.figures()));
process.on("disconnect", () => process.exit());
process.send?.("begun");
