// A React hook around classwire/client: the state of a learner's dashboard, true at every moment.
import { useEffect, useSyncExternalStore } from "react";
import { createDashboardStore } from "./dashboardStore.js";

const stores = new WeakMap();

/**
 * The dashboard of the client's user: `{status, stats, topics, quizzes, error}`. All components share one connection.
 * @param {import("classwire/client").Client} client from createClient(), made once, outside of components
 */
export function useDashboard(client) {
  let store = stores.get(client);
  if (store === undefined) {
    store = createDashboardStore(client);
    stores.set(client, store);
  }
  useEffect(() => store.use(), [store]);
  return useSyncExternalStore(store.subscribe, store.read, store.read);
}
