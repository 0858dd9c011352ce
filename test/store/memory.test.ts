// The store that keeps nothing.
import { storeSuite } from "./store.suite.ts";

storeSuite("memory", async () => ({ kind: "memory" }));
