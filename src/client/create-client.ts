// The client of one user: its namespaces over one connection, and what they share.
import { Manager } from "socket.io-client";
import { type ChannelsClient, createChannels } from "./channels.ts";
import { createDashboard, type DashboardClient } from "./dashboard.ts";
import type { ClientOptions, Context } from "./options.ts";
import { memoryStorage } from "./storage.ts";
import { createStudyTime, type StudyTimeClient } from "./study-time.ts";
import type { Opened } from "./succession.ts";
import { createTokens } from "./tokens.ts";
import { pageVisibility, type Visibility } from "./visibility.ts";

/** A client of one user. A handle is made, and connects, when it is first asked for; after its end, again. */
export interface Client {
  /**
   * The progress and quizzes of the user, a whole number.
   * @example
   * client.dashboard().on("progress_updated", ({ chapter_display_name, completed }) => {
   *   console.log(chapter_display_name, completed);
   * });
   */
  dashboard(): DashboardClient;
  /**
   * Subscriptions, rooms, messages and presence of the user.
   * @example
   * await client.channels().joinRoom("class-7");
   */
  channels(): ChannelsClient;
  /**
   * Studies a course; each course has its own connection.
   * @example
   * client.studyTime("go-basics").on("tick", ({ studyTime }) => console.log(studyTime));
   */
  studyTime(courseId: string): StudyTimeClient;
  /**
   * Closes all handles.
   * @example
   * await client.close();
   */
  close(): Promise<void>;
}

const ALWAYS: Visibility = { visible: () => true, onChange: () => () => undefined };

/**
 * Creates a client; nothing connects yet. @throws TypeError without a `url`
 * @example
 * import { createClient, webStorage } from "classwire/client";
 *
 * const client = createClient({
 *   url: "https://live.school.example",
 *   token: async () => (await fetch("/token")).text(), // asked again before it ends
 *   storage: webStorage(localStorage), // offsets outlive a reload
 * });
 */
export function createClient(options: ClientOptions): Client {
  const { url, transports = ["websocket", "polling"], visibility = pageVisibility() } = options;
  if (typeof url !== "string" || url === "")
    throw new TypeError("url: where the server is, such as https://live.example.org");
  const makeManager = (): Manager =>
    new Manager(url, {
      path: "/socket.io",
      transports: [...transports],
      tryAllTransports: true,
      autoConnect: false,
      reconnection: false, // each session knows better when to come back, and with which handshake
      timeout: options.timeoutMs ?? 10_000,
    });
  const context: Context = {
    url,
    tokens: createTokens(options.token, { user: options.user }),
    storage: options.storage ?? memoryStorage(),
    backoff: options.backoff ?? { first: 1000, longest: 30_000 },
    timeoutMs: options.timeoutMs ?? 10_000,
    attempts: options.attempts ?? 5,
    manager: makeManager(),
  };
  const courses = new Map<string, StudyTimeClient>();
  let dashboard: Opened<DashboardClient> | undefined;
  let channels: Opened<ChannelsClient> | undefined;

  return {
    dashboard() {
      const ending = dashboard?.ending();
      if (dashboard === undefined || ending !== undefined) dashboard = createDashboard(context, ending);
      return dashboard.handle;
    },
    channels() {
      const ending = channels?.ending();
      if (channels === undefined || ending !== undefined) channels = createChannels(context, ending);
      return channels.handle;
    },
    studyTime(courseId) {
      const known = courses.get(courseId);
      if (known !== undefined && known.state !== "closed") return known;
      // A namespace admits one socket per connection, and this one comes and goes with the page's visibility.
      const made = createStudyTime({ ...context, manager: makeManager() }, courseId, visibility || ALWAYS);
      courses.set(courseId, made);
      return made;
    },
    async close() {
      await Promise.all([dashboard?.handle, channels?.handle, ...courses.values()].map((handle) => handle?.close()));
    },
  };
}
