// Loaded into a server before its own code: on SIGUSR2 it collects garbage and prints what the heap then holds.
// @ts-check
let asked = 0;
process.on("SIGUSR2", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  asked += 1;
  process.stdout.write(`heap ${asked} ${process.memoryUsage().heapUsed}\n`);
});
