// Poisons a Redis from a process of its own, which is warm when it begins, so that the measuring one has nothing to do with it.
// Forked with <redis url> <messages> <messages a second>; begins when it is told to, and ends when it has sent them.
import { poison } from "../../test/scenarios/poison.ts";

const [url = "", count = "0", perSecond = "0"] = process.argv.slice(2);
process.once("message", () => void poison(url, Number(count), Number(perSecond)).then(() => process.exit()));
process.send?.("ready");
