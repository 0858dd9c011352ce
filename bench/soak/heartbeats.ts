// An honest client that does nothing but send heartbeats, and notes how long each answer takes: what others do must not matter to it.
import { io } from "socket.io-client";
import { signToken } from "../../test/support/tokens.ts";
import { quantile } from "../services.ts";

/** The client. */
export interface HonestClient {
  /** What it has seen since this was last asked: answers, those that did not come within 10 s, and how long they took (ms). */
  figures(): { answers: number; unanswered: number; p50: number; p99: number; most: number };
  close(): void;
}

const PATIENCE_MS = 10_000;

/** Connects it; it sends a heartbeat every `everyMs` as long as it is connected. */
export function connectHonest(url: string, user: string, everyMs = 50): HonestClient {
  const socket = io(`${url}/channels`, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelayMax: 1000,
    auth: { token: signToken(user, { expiresIn: 24 * 3600 }) },
  });
  let over = false;
  const comeBack = (): void => {
    if (!socket.active) setTimeout(() => over || socket.connect(), 500);
  };
  socket.on("connect_error", comeBack);
  socket.on("disconnect", comeBack);
  let [took, unanswered]: [number[], number] = [[], 0];
  const timer = setInterval(() => {
    if (!socket.connected) return;
    const began = performance.now();
    socket.timeout(PATIENCE_MS).emit("heartbeat", {}, (error: Error | null) => {
      if (error === null) took.push(performance.now() - began);
      else unanswered++;
    });
  }, everyMs);
  return {
    figures() {
      const sorted = took.sort((a, b) => a - b);
      const ms = (value: number | undefined): number => Number((value ?? Number.NaN).toFixed(1));
      const figures = {
        answers: sorted.length,
        unanswered,
        p50: ms(quantile(sorted, 0.5)),
        p99: ms(quantile(sorted, 0.99)),
        most: ms(sorted.at(-1)),
      };
      [took, unanswered] = [[], 0];
      return figures;
    },
    close() {
      over = true;
      clearInterval(timer);
      socket.close();
    },
  };
}
