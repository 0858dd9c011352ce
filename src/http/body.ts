// Reading the body of a call: JSON up to a size, and nothing else.
import express, { type Request, type Response } from "express";
import { invalid } from "./failures.ts";

/** Reads a body and parses it. Rejects with what the body parser found wrong, or a `Failure`. */
export type ReadBody = (request: Request, response: Response) => Promise<unknown>;

/** Makes the reader for bodies of at most so many bytes (after decompression). */
export function createReadBody(maxBytes: number): ReadBody {
  const parse = express.json({ limit: maxBytes, strict: false, type: ["application/json", "application/*+json"] });
  return async (request, response) => {
    await new Promise<void>((resolve, reject) =>
      parse(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error))),
    );
    // Forms and plain text are refused: any page may send those without asking first.
    if (request.body === undefined) throw invalid("body", "JSON with Content-Type: application/json is required");
    return request.body as unknown;
  };
}
