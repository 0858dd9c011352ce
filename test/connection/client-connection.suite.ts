// What every kind of ClientConnection keeps to, whichever transport or dialect is behind it.
import { afterEach, describe, expect, it } from "vitest";
import type { ClientConnection } from "../../src/connection/client-connection.ts";
import { eventually } from "../support/eventually.ts";

/** An open connection of some kind, and what its client does. */
export interface OpenConnection {
  readonly connection: ClientConnection;
  /** Sends the client something of about this many bytes. */
  send(bytes: number): void;
  /** The client says something. */
  say(): void;
  /** How often the server has heard the client. */
  heard(): number;
  /** The client reads nothing from now on, or reads again. */
  pause(): void;
  resume(): void;
  /** The network is gone, without a word. */
  cut(): void;
  /** The client closes the connection in the way its protocol has for it. */
  leave(): void;
  /** Resolves when the server has noticed the end. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

const turn = (): Promise<void> => new Promise(setImmediate);

/** Runs the suite. `leavesCleanly`: the protocol has a way to say that a connection is over. */
export function describeClientConnection(
  kind: string,
  { transportName, leavesCleanly }: { transportName: string; leavesCleanly: boolean },
  open: () => Promise<OpenConnection>,
): void {
  describe(`a connection of ${kind}`, () => {
    let opened: OpenConnection;
    const start = async (): Promise<OpenConnection> => {
      opened = await open();
      return opened;
    };
    afterEach(() => opened.close());

    /** Sends until the client has not taken more than what the kernel holds for it. */
    async function fill({ connection, send }: OpenConnection): Promise<void> {
      while (connection.bufferedBytes < 200_000) {
        send(50_000);
        await turn();
      }
    }

    it("says what the client came over", async () => {
      const { connection } = await start();
      expect(connection.transportName).toBe(transportName);
    });

    it("is drained at once where nothing waits", async () => {
      const { connection } = await start();
      await eventually(() => connection.bufferedBytes === 0);
      await connection.drained();
    });

    it("is drained when the client has read what it was sent", async () => {
      const one = await start();
      one.pause();
      await fill(one);
      let isDrained = false;
      const drained = one.connection.drained().then(() => {
        isDrained = true;
      });
      await turn();
      expect(isDrained).toBe(false);
      one.resume();
      await drained;
      expect(one.connection.bufferedBytes).toBe(0);
    });

    it("is drained when it ends", async () => {
      const one = await start();
      one.pause();
      await fill(one);
      const drained = one.connection.drained();
      one.cut();
      await drained;
    });

    it("answers a probe while the client lives, and not when it reads nothing", async () => {
      const one = await start();
      expect(await one.connection.probe(10_000)).toBe(true);
      one.pause();
      await fill(one);
      expect(await one.connection.probe(50)).toBe(false);
    });

    it("is not read while its reading is paused, and loses nothing by it", async () => {
      const { connection, say, heard } = await start();
      await eventually(() => {
        say(); // a transport may still be settling
        return heard() > 0;
      });
      const said = heard();
      const began = performance.now();
      connection.pauseReading(400);
      say();
      await eventually(() => heard() > said);
      expect(performance.now() - began).toBeGreaterThan(380);
    });

    it("is no clean end where the network goes, and all of it is safe afterwards", async () => {
      const one = await start();
      one.cut();
      await one.ended;
      expect(one.connection.endedCleanly).toBe(false);
      expect(await one.connection.probe(20)).toBe(false);
      await one.connection.drained();
      one.connection.closeWith({ code: 1008, reason: "too late" });
      one.connection.pauseReading(10);
    });

    it("says whether the client has closed it", async () => {
      const one = await start();
      expect(one.connection.endedCleanly).toBe(false);
      one.leave();
      await one.ended;
      expect(one.connection.endedCleanly).toBe(leavesCleanly);
    });
  });
}
