// Channels over a plain WebSocket, as a class that comes back by itself: the wait doubles with every failure and begins
// anew once a connection is open. Subscriptions are remembered and sent again.

export class ChannelsClient {
  #url;
  #token;
  #socket;
  #attempts = 0;
  #timer;
  #keepAlive;
  #channels = new Map();
  #isClosed = false;

  /** @param {{url: string, token: string, firstWaitMs?: number, longestWaitMs?: number}} options */
  constructor({ url, token, firstWaitMs = 1000, longestWaitMs = 30_000 }) {
    this.#url = url;
    this.#token = token;
    this.firstWaitMs = firstWaitMs;
    this.longestWaitMs = longestWaitMs;
  }

  connect() {
    const socket = new WebSocket(`${this.#url}/?token=${encodeURIComponent(this.#token)}`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempts = 0;
      for (const channel of this.#channels.keys()) this.#send({ type: "subscribe", channel });
      this.#keepAlive = setInterval(() => this.#send({ type: "heartbeat" }), 25_000);
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = () => {
      clearInterval(this.#keepAlive);
      if (!this.#isClosed) this.#comeBack();
    };
  }

  /** Hears a channel, such as `notifications/123`. The listener gets `data` and `timestamp` (epoch milliseconds). */
  subscribe(channel, listener) {
    this.#channels.set(channel, listener);
    this.#send({ type: "subscribe", channel });
  }

  unsubscribe(channel) {
    this.#channels.delete(channel);
    this.#send({ type: "unsubscribe", channel });
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #take(frame) {
    if (frame.channel !== undefined && frame.data !== undefined) {
      this.#channels.get(frame.channel)?.(frame.data, frame.timestamp);
    } else if (frame.type === "error") {
      console.warn(`the server says: ${frame.message}`);
    }
  }

  #comeBack() {
    const wait = Math.min(this.longestWaitMs, this.firstWaitMs * 2 ** this.#attempts++);
    this.#timer = setTimeout(() => this.connect(), wait * (0.5 + Math.random() / 2));
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
