// A private Redis on a free port, without persistence, that a test may stop, freeze and start again.
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { freePort } from "../../scripts/free-ports.mjs";
import { needService } from "../../scripts/services.mjs";
import { type Child, startChild } from "./child.ts";

/** A Redis server of one's own. Stop it when done (`afterAll(() => redis.stop())`). */
export interface Redis {
  /** `redis://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
  /** Ends it at once (SIGKILL), paused or not, and waits until it is gone. Its data is gone too. */
  stop(): Promise<void>;
  /** Starts it, empty, on the same port; stops it before if it still runs. */
  restart(): Promise<void>;
}

/** Starts one. @throws in one line that says what to install, when there is no Redis */
export async function startRedis(): Promise<Redis> {
  const program = needService("redis");
  const port = await freePort();
  let child = await start(program, port);
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    stop,
    async restart() {
      await stop();
      child = await start(program, port);
    },
  };
}

async function start(program: string, port: number): Promise<Child> {
  const settings = {
    port,
    bind: "127.0.0.1",
    save: "",
    appendonly: "no",
    dir: tmpdir(),
    "enable-debug-command": "yes",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = startChild(program, args);
  await child.until(() => answersPing(port));
  return child;
}

/** Whether a Redis answers on the port: an inline PING, `+PONG` back (RESP). */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write("PING\r\n"));
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once("data", (data) => done(data.toString().startsWith("+PONG")));
    socket.once("error", () => done(false));
  });
}
