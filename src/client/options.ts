// What a client is made with, and what its handles share.
import type { Manager } from "socket.io-client";
import type { BackoffOptions } from "./backoff.ts";
import type { OffsetStorage } from "./storage.ts";
import type { TokenSource, Tokens } from "./tokens.ts";
import type { Visibility } from "./visibility.ts";

/** How to reach the server, as whom, and what to keep. */
export interface ClientOptions {
  /** URL of the server, such as `https://live.school.example`. */
  url: string;
  /** A token, or the function that fetches one: asked again before the token ends and when it was refused. */
  token: TokenSource;
  /** The user's id, where tokens cannot be read or name it in none of the claims `sub`, `user_id`, `userId` and `id`. */
  user?: string;
  /** Where offsets are kept over a reload; in memory unless given. */
  storage?: OffsetStorage;
  /** Socket.IO transports, the first that works is taken. `["websocket", "polling"]`. */
  transports?: readonly ("websocket" | "polling")[];
  /** Bounds of the wait between attempts, in milliseconds. 1 000 to 30 000. */
  backoff?: BackoffOptions;
  /** How long a connection, or an answer, may take, in milliseconds. 10 000. */
  timeoutMs?: number;
  /** How often a listener that fails is tried with the same durable event before that is skipped. 5. */
  attempts?: number;
  /** Whether somebody is there; study time pauses while nobody is. The page's own visibility unless given; false never pauses. */
  visibility?: Visibility | false;
}

/** What every handle of a client is made of. */
export interface Context {
  url: string;
  tokens: Tokens;
  storage: OffsetStorage;
  backoff: BackoffOptions;
  timeoutMs: number;
  attempts: number;
  /** The Socket.IO manager that the handles share, so that one connection carries them all. */
  manager: Manager;
}
