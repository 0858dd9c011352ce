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
const { body } = await callApi({ method: "GET", path: "/console/tokens.json" });
const people = createPeople(byId("who"), body?.tokens ?? []);
createConnections(byId("connections"), people, log);
createPublish(byId("publish"), people, log);
createStudy(byId("study"), people, log);
