// Reads the logs of channels through the API, and writes down what is in them.
import { signToken } from "../support/tokens.ts";
import { hashOfNotification } from "./clients.ts";
import type { Recorder } from "./files.ts";
import { numberOf } from "./records.ts";

interface Page {
  readonly epoch: string;
  readonly events: readonly { offset: number; id: string; data: { title: string; message: string } }[];
}

/** Reads all of these channels. @throws when a page cannot be had */
export async function audit(url: string, channels: readonly string[], recorder: Recorder): Promise<void> {
  const headers = { authorization: `Bearer ${signToken({ sub: "1", role: "service" })}` };
  for (const channel of channels) {
    for (let since = 0; ; ) {
      const response = await fetch(`${url}/api/v1/channels/${channel}/events?since=${since}&limit=1000`, { headers });
      if (!response.ok) throw new Error(`${channel}: ${response.status} ${await response.text()}`);
      const { epoch, events } = (await response.json()) as Page;
      const last = events.at(-1);
      if (last === undefined) break;
      since = last.offset;
      const rows = events.map(
        ({ offset, id, data }) => [numberOf(data.message), offset, id, hashOfNotification(data)] as const,
      );
      recorder.note({ kind: "kept", channel, epoch, events: rows });
    }
  }
}
