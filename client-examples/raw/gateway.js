// The gateway over a plain WebSocket, as a class with on() and send(): every frame is {type, content, timestamp}.

export class GatewayClient {
  #url;
  #token;
  #socket;
  #listeners = new Map();
  #ping;

  /** @param {{url: string, token: string}} options */
  constructor({ url, token }) {
    this.#url = url;
    this.#token = token;
  }

  /** Resolves once the connection is open. */
  connect() {
    this.#socket = new WebSocket(`${this.#url}/ws?token=${encodeURIComponent(this.#token)}`);
    this.#socket.onmessage = ({ data }) => {
      const { type, content, timestamp } = JSON.parse(data);
      this.#trigger(type, content, timestamp);
    };
    return new Promise((resolve, reject) => {
      this.#socket.onopen = () => {
        this.#ping = setInterval(() => this.send("ping", null), 30_000);
        this.#trigger("open");
        resolve();
      };
      this.#socket.onclose = ({ code }) => {
        clearInterval(this.#ping);
        this.#trigger("close", code);
        reject(new Error(`closed with ${code}`)); // says nothing any more once the promise is resolved
      };
    });
  }

  /** Adds a listener for a type: system, notification, data_update, user_message, room_message, error, pong, open, close. */
  on(type, listener) {
    const known = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, [...known, listener]);
    return this;
  }

  /** Sends a frame; timestamps are epoch seconds here. */
  send(type, content) {
    this.#socket.send(JSON.stringify({ type, content, timestamp: Math.floor(Date.now() / 1000) }));
  }

  joinRoom(room) {
    this.send("join_room", room);
  }

  say(room, text) {
    this.send("room_message", { room, text });
  }

  tell(to, text) {
    this.send("user_message", { to, text });
  }

  close() {
    this.#socket?.close(1000);
  }

  #trigger(type, ...args) {
    for (const listener of this.#listeners.get(type) ?? []) listener(...args);
  }
}
