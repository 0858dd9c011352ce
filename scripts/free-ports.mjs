// Free TCP ports on the loopback address, each given to one asker only.
// @ts-check
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

const HOST = "127.0.0.1";
/** Below what systems hand out by themselves (Linux from 32768, others from 49152), to outgoing connections, too. */
const FROM = 15_000;
const TO = 32_000;

/**
 * One port that nothing listens on, and that nobody else who asks here is given before this process ends.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(FROM, TO);
    if ((await lease(port)) && (await isFree(port))) return port;
  }
}

/**
 * Several such ports, all different.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export function freePorts(count) {
  return Promise.all(Array.from({ length: count }, freePort));
}

/**
 * Takes the number among all processes that ask, by its UDP port: whoever comes first has it until their process ends, and
 * the TCP port is left to the server that is meant to have it, also while that one is restarted.
 * @param {number} port
 */
async function lease(port) {
  const socket = createSocket("udp4").bind(port, HOST);
  try {
    await once(socket, "listening");
    socket.unref();
    return true;
  } catch {
    return false;
  }
}

/** @param {number} port */
async function isFree(port) {
  const server = createServer().listen(port, HOST);
  try {
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}
