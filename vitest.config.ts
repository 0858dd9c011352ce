// How the tests run: in four processes, which take file after file, in an order that changes with every run.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 4, // on two cores, too: a good part of the time tests wait for servers that start, freeze and die
    isolate: false, // no module of ours has state, so that files need not load all of them anew
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { shuffle: { files: true, tests: true } },
    allowOnly: false,
    passWithNoTests: false,
    dangerouslyIgnoreUnhandledErrors: false,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/store/generated/**"],
      reporter: ["text-summary"],
      // What runs in the tests' own processes; servers that tests start as programs are not counted.
      thresholds: { lines: 93, functions: 91, branches: 86, statements: 91 },
    },
  },
});
