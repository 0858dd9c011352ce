// A small HTTP proxy in front of several nodes: round-robin over the ready ones, sticky for clients that poll. For development,
// tests and figures; in production this is the work of nginx or HAProxy (deploy/).
// @ts-check
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** How long after each answer a node is asked again whether it is ready. */
const CHECK_EVERY_MS = 250;
/** A node that waits for its database says after 2 s that it is not ready. Only one that is frozen takes longer. */
const ANSWER_TIMEOUT_MS = 3000;
/** Sessions whose node is remembered. */
const MOST_SESSIONS = 100_000;

/**
 * @typedef {object} Node
 * @property {string} host
 * @property {number} port
 * @property {boolean} ready what it said last
 */
/**
 * @typedef {object} RunningProxy
 * @property {string} url where it listens
 * @property {() => number} ready how many nodes are ready
 * @property {() => Promise<void>} close ends it and every connection through it
 */

/**
 * Starts a proxy and resolves when it listens. A connection that a node refuses (or answers with 503) is tried at the next.
 * @param {readonly string[]} urls of the nodes
 * @param {{ host?: string, port?: number }} [options] where to listen; any free port if none is given
 * @returns {Promise<RunningProxy>}
 */
export async function startProxy(urls, { host = "127.0.0.1", port = 0 } = {}) {
  /** @type {Node[]} */
  const nodes = urls.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port), ready: true }));
  /** @type {Map<string, Node>} */
  const sessions = new Map();
  /** @type {Set<import("node:stream").Duplex>} */
  const open = new Set();
  let turn = 0;

  /**
   * The nodes to try, best first: that of the session alone, else the ready ones in turn, else all.
   * @param {string} url of the request
   */
  function candidates(url) {
    const sid = /[?&]sid=([\w-]+)/.exec(url)?.[1];
    const known = sid === undefined ? undefined : sessions.get(sid);
    if (known !== undefined) return [known];
    const ready = nodes.filter((node) => node.ready);
    const choice = ready.length > 0 ? ready : nodes;
    const first = turn++ % choice.length;
    return [...choice.slice(first), ...choice.slice(0, first)];
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} outgoing
   */
  function forward(incoming, outgoing, line = candidates(incoming.url ?? "/")) {
    const [node, ...others] = line;
    if (node === undefined) return void outgoing.writeHead(502, { "Retry-After": "1" }).end();
    const { method, url, headers } = incoming;
    const repeatable = method === "GET" || method === "HEAD";
    const next = () => forward(incoming, outgoing, others);
    const call = request({ host: node.host, port: node.port, method, path: url, headers }, (answer) => {
      if (answer.statusCode === 503 && repeatable && others.length > 0) {
        answer.resume();
        return next();
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (url?.startsWith("/socket.io/") && !url.includes("sid="))
        answer.once("data", (part) => learn(String(part), node));
      answer.pipe(outgoing);
      answer.once("aborted", () => outgoing.destroy());
    });
    call.on("error", () => {
      if (outgoing.headersSent) outgoing.destroy();
      else if (repeatable && !outgoing.destroyed) next();
      else outgoing.writeHead(502, { "Retry-After": "1" }).end();
    });
    outgoing.once("close", () => call.destroy());
    incoming.pipe(call);
  }

  /**
   * The first answer of a session names it: `0{"sid":"…"`.
   * @param {string} text
   * @param {Node} node
   */
  function learn(text, node) {
    const sid = /"sid":"([\w-]+)"/.exec(text)?.[1];
    if (sid === undefined) return;
    const [oldest] = sessions.keys();
    if (sessions.size >= MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    sessions.set(sid, node);
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:stream").Duplex} client
   * @param {Buffer} head
   */
  function upgrade(incoming, client, head, line = candidates(incoming.url ?? "/")) {
    const [node, ...others] = line;
    if (node === undefined)
      return void client.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nRetry-After: 1\r\n\r\n");
    const server = connect({ host: node.host, port: node.port, noDelay: true });
    let decided = false;
    const next = () => {
      decided = true;
      server.destroy();
      if (!client.destroyed) upgrade(incoming, client, head, others);
    };
    server.on("error", () => (decided ? client.destroy() : next()));
    server.once("connect", () => {
      const lines = incoming.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : []));
      server.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      server.write(head);
    });
    server.once("data", (first) => {
      if (others.length > 0 && first.subarray(0, 12).toString() === "HTTP/1.1 503") return next();
      decided = true;
      client.write(first);
      client.pipe(server).pipe(client);
      open.add(client);
      client.once("close", () => {
        open.delete(client);
        server.destroy();
      });
      server.once("close", () => client.destroy());
    });
    server.once("close", () => decided || next());
    client.on("error", () => server.destroy());
  }

  const listener = createServer((incoming, outgoing) => forward(incoming, outgoing));
  listener.on("upgrade", (incoming, client, head) => upgrade(incoming, client, head));
  await new Promise((listening, failed) => {
    listener.once("error", failed);
    listener.listen(port, host, () => listening(undefined));
  });

  const ending = new AbortController();
  /** @param {Node} node */
  const watch = async (node) => {
    for (; !ending.signal.aborted; await delay(CHECK_EVERY_MS, undefined, { ref: false })) {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
      node.ready = await fetch(`http://${node.host}:${node.port}/readyz`, { signal }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.ok;
        },
        () => false,
      );
    }
  };
  for (const node of nodes) void watch(node);

  const address = /** @type {import("node:net").AddressInfo} */ (listener.address());
  return {
    url: `http://${host}:${address.port}`,
    ready: () => nodes.filter((node) => node.ready).length,
    async close() {
      ending.abort();
      const closed = new Promise((done) => listener.close(done));
      for (const client of open) client.destroy();
      listener.closeAllConnections();
      await closed;
    },
  };
}
