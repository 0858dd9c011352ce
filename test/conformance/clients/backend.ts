// The backend of the conversations: publishes over the HTTP API of the server under test.
import { signToken } from "../../support/tokens.ts";

/** A server that is known by its URL. */
export class Backend {
  readonly url: string;
  readonly #token = signToken({ sub: "backend", role: "service" });

  constructor(url: string) {
    this.url = url;
  }

  /** The address of a raw endpoint. */
  at(path: string): string {
    return this.url.replace("http", "ws") + path;
  }

  notify(userId: string, title: string): Promise<void> {
    return this.#post("/api/v1/notifications", { userId, title, message: "词法" });
  }

  /** Completes a chapter, or reopens it: only a change is told. */
  progress(userId: string, completed: boolean): Promise<void> {
    const chapter = { topic_id: "constants", chapter_id: "boolean-constants" };
    return this.#post("/api/v1/progress", { user_id: Number(userId), ...chapter, completed });
  }

  /** Users with a connection in `/channels`. */
  async online(): Promise<readonly string[]> {
    const response = await fetch(`${this.url}/api/ws/status`, { headers: this.#headers() });
    const { online_users } = (await response.json()) as { online_users: string[] };
    return online_users;
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { ...this.#headers(), "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` };
  }
}
