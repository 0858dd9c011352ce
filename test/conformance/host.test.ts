// What the public suites connect to answers as they expect, in short: the suites themselves are run by `npm run conformance`.
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Host, startHost } from "./host.ts";

let host: Host;
afterEach(() => host.close());

/** Opens a WebSocket and hears its messages in order. */
async function open(path: string): Promise<{ say(text: string): void; hear(): Promise<string> }> {
  const ws = new WebSocket(`ws://localhost:${host.port}${path}`);
  const heard: string[] = [];
  let wake = (): void => undefined;
  ws.on("message", (data) => {
    heard.push(String(data));
    wake();
  });
  await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
  return {
    say: (text) => ws.send(text),
    async hear() {
      while (heard[0] === undefined || heard[0] === "2") {
        if (heard.shift() === "2") ws.send("3");
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      return heard.shift() ?? "";
    },
  };
}

describe("Engine.IO's host", () => {
  it("opens with the suite's times and gives messages back, over both transports", async () => {
    host = await startHost("engine.io", 0);
    const socket = await open("/engine.io/?EIO=4&transport=websocket");
    expect(JSON.parse((await socket.hear()).slice(1))).toMatchObject({
      pingInterval: 300,
      pingTimeout: 200,
      maxPayload: 1_000_000,
    });
    socket.say("4hello");
    expect(await socket.hear()).toBe("4hello");
    const url = `http://localhost:${host.port}/engine.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
    const posted = await fetch(`${url}&sid=${sid}`, { method: "POST", body: "4a\u001e4b" });
    expect(await posted.text()).toBe("ok");
    expect((await (await fetch(`${url}&sid=${sid}`)).text()).replaceAll("\u001e2", "")).toContain("4a");
  });
});

describe("Socket.IO's host", () => {
  it.each([
    ["/", "40", "42", '{"token":"123"}'],
    ["/custom", "40/custom,", "42/custom,", '{"token":"123"}'],
  ])("lets everyone into %s, says what they gave, and answers", async (_name, connect, event, auth) => {
    host = await startHost("socket.io", 0);
    const socket = await open("/socket.io/?EIO=4&transport=websocket");
    await socket.hear();
    socket.say(`${connect}${auth}`);
    expect(await socket.hear()).toContain(`${connect}{"sid":`);
    expect(await socket.hear()).toBe(`${event}["auth",${auth}]`);
    socket.say(`${event}["message",1,"2",{"3":[true]}]`);
    expect(await socket.hear()).toBe(`${event}["message-back",1,"2",{"3":[true]}]`);
    socket.say(`${event}456["message-with-ack",1]`);
    expect(await socket.hear()).toBe(`${event.replace("2", "3")}456[1]`);
  });
});
