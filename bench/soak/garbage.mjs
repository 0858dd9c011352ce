// Loaded before a server (`--import`): it collects its garbage at SIGUSR2, so that one can measure what it really holds.
// @ts-check
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
process.on("SIGUSR2", () => collect());
