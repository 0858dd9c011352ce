// A process full of users of /channels who come to a room, leave it, or are cut off; it counts what they are told of one another.
import { WebSocket } from "ws";
import { signToken } from "../../test/support/tokens.ts";

/** What the users are to do. */
export type Order =
  | { readonly do: "connect"; readonly urls: readonly string[]; readonly count: number }
  | { readonly do: "join" | "leave"; readonly room: string }
  | { readonly do: "cut"; readonly count: number }
  | { readonly do: "count" };

/** Answers an order: frames of presence since the one before, and their bytes. */
export interface Report {
  readonly frames: number;
  readonly bytes: number;
}

interface User {
  readonly ws: WebSocket;
  answered: () => void;
}

/** So many connect at a time. */
const AT_A_TIME = 50;
const users: User[] = [];
let [frames, bytes, names] = [0, 0, 0];

process.on("message", (order: Order) => {
  obey(order).then(() => {
    process.send?.({ frames, bytes } satisfies Report);
    [frames, bytes] = [0, 0];
  });
});

async function obey(order: Order): Promise<void> {
  if (order.do === "connect") {
    for (let at = 0; at < order.count; at += AT_A_TIME) {
      const some = Array.from({ length: Math.min(AT_A_TIME, order.count - at) }, (_, index) =>
        open(order.urls[(at + index) % order.urls.length] ?? ""),
      );
      users.push(...(await Promise.all(some)));
    }
  } else if (order.do === "cut") {
    for (const { ws } of users.splice(0, order.count)) ws.terminate();
  } else if (order.do !== "count") {
    const event = order.do === "join" ? "join_room" : "leave_room";
    await Promise.all(users.map((user) => ask(user, event, order.room)));
  }
}

function ask(user: User, event: string, room: string): Promise<void> {
  return new Promise((resolve) => {
    user.answered = resolve;
    user.ws.send(`42/channels,1${JSON.stringify([event, { room }])}`);
  });
}

function open(url: string): Promise<User> {
  const token = signToken(`user-${names++}`);
  const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve, reject) => {
    const user: User = { ws, answered: () => undefined };
    ws.on("message", (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('42/channels,["presence"')) {
        frames++;
        bytes += data.length;
      } else if (text.startsWith("43/channels,1[")) user.answered();
      else if (text.startsWith("0{")) ws.send(`40/channels,${JSON.stringify({ token })}`);
      else if (text === "2") ws.send("3");
      else if (text.startsWith("40/channels")) resolve(user);
    });
    ws.once("error", reject);
  });
}
