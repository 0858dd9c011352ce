// The page put together.
import { callApi } from "./api.js";
import { createConnections } from "./connections.js";
import { byId } from "./dom.js";
import { createLog } from "./log.js";
import { watchNode } from "./node.js";
import { createPeople } from "./people.js";
import { createPublish } from "./publish.js";
import { createStudy } from "./study.js";

watchNode(byId("node"));
const log = createLog(byId("log"));
const [tokens, calls] = await Promise.all(
  ["/console/tokens.json", "/console/calls.json"].map((path) => callApi({ method: "GET", path })),
);
const people = createPeople(byId("who"), tokens.body?.tokens ?? []);
createConnections(byId("connections"), people, log);
createPublish(byId("publish"), people, log, calls.body?.calls ?? []);
createStudy(byId("study"), people, log);
