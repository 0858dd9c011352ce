// The API on somebody else's Express app: it takes its own paths and leaves the rest alone.
import express, { Router } from "express";
import { expect, it, onTestFinished } from "vitest";
import { type Api, type ApiOptions, startApi } from "./api.ts";

async function start(options: ApiOptions): Promise<Api> {
  const api = await startApi(options);
  onTestFinished(() => api.close());
  return api;
}

it("goes beside other routes, before and behind it, and leaves errors of others to them", async () => {
  const api = await start({
    host(router) {
      const app = express();
      app.use(express.json());
      app.get("/before", (_request, response) => void response.send("before"));
      app.use((request, _response, next) => next(request.path === "/broken" ? new Error("theirs") : undefined));
      app.use(router);
      app.get("/behind", (_request, response) => void response.send("behind"));
      app.use(
        ((_error, _request, response, _next) =>
          void response.status(500).send("handled by them")) as express.ErrorRequestHandler,
      );
      return app;
    },
  });
  expect((await api.get("/before")).text).toBe("before");
  const behind = await api.get("/behind");
  expect([behind.text, behind.headers.get("content-security-policy")]).toEqual(["behind", null]);
  expect((await api.get("/broken")).text).toBe("handled by them");
  expect((await api.get("/nowhere")).text).toContain("Cannot GET /nowhere");
  expect((await api.post("/api/v1/system", { message: "m", level: "info" })).status).toBe(202);
  expect((await api.post("/api/v1/system", {})).body.error.code).toBe("INVALID_MESSAGE");
});

it("goes under a path", async () => {
  const api = await start({ host: (router) => express().use("/realtime", router) });
  expect((await api.get("/realtime/healthz")).status).toBe(200);
  const body = { text: "x" };
  const first = await api.post("/realtime/api/v1/rooms/r/messages", body, { key: "k" });
  const again = await api.post("/realtime/api/v1/rooms/r/messages", body, { key: "k" });
  expect([first.status, again.body]).toEqual([201, first.body]);
  expect((await api.get("/healthz")).status).toBe(404);
});

it("serves a console page at / where there is one", async () => {
  const console = Router().get("/", (_request, response) => void response.send("the console"));
  const api = await start({ console });
  expect((await api.get("/", { as: null })).text).toBe("the console");
  const without = await start({});
  expect((await without.get("/", { as: null })).body.error.code).toBe("NOT_FOUND");
});
