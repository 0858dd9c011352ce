// Loaded before a program of Node (`--import`): its `Date` shows the time that a file says, its monotonic clock goes on as it did.
// @ts-check
import { readFileSync } from "node:fs";

const RealDate = Date;
const file = process.env["SHIFTED_DATE_FILE"] ?? "";
let shift = 0;
const read = () => {
  shift = Number(readFileSync(file, "utf8"));
};
read();
setInterval(read, 20).unref();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + shift] : args, newTarget),
  apply: () => new Date().toString(),
  get: (target, name) => (name === "now" ? () => RealDate.now() + shift : Reflect.get(target, name)),
});
