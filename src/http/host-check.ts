// The check of the name by which a request calls this node, in front of every path.
import type { RequestHandler } from "express";
import type { AllowsHost } from "../auth/hosts.ts";
import { HOST_NOT_ALLOWED } from "../connection/request.ts";
import { Failure } from "../contract/errors.ts";

/** Creates the check: it passes requests on, or throws a Failure FORBIDDEN for those with another `Host`. */
export function checkHost(allowsHost: AllowsHost): RequestHandler {
  return (request, _response, next) => {
    if (!allowsHost(request.headers.host)) throw new Failure("FORBIDDEN", HOST_NOT_ALLOWED);
    next();
  };
}
