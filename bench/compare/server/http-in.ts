// How a backend makes the plain servers say something: POST {room?, event, payload, times?}, told in one turn of the event loop.
import type { RequestListener } from "node:http";

/** Answers such requests. */
export function onBroadcast(say: (room: string | undefined, event: string, payload: unknown) => void): RequestListener {
  return (request, response) => {
    if (request.method !== "POST") return void response.writeHead(404).end();
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const { room, event, payload, times = 1 } = JSON.parse(String(Buffer.concat(parts)));
      for (let index = 0; index < times; index++) say(room, event, payload);
      response.writeHead(202).end();
    });
  };
}
