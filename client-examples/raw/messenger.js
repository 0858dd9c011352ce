// The messenger over a plain WebSocket, as a store that a page renders: what is said while offline waits in a queue.

/**
 * Makes the store and connects. `state()` is a fresh object after each change, so that it can be compared.
 * @param {{url: string, userId: string, token?: string, waitMs?: number}} options
 */
export function createMessengerStore({ url, userId, token, waitMs = 1000 }) {
  const subscribers = new Set();
  const query = new URLSearchParams({ user_id: userId, ...(token === undefined ? {} : { token }) });
  let state = { online: false, queue: [], messages: [], notifications: [], orders: {}, typing: [] };
  let socket;
  let timer;
  let isClosed = false;

  function change(part) {
    state = { ...state, ...part };
    for (const subscriber of subscribers) subscriber(state);
  }

  function connect() {
    socket = new WebSocket(`${url}/api/ws/connect?${query}`);
    socket.onopen = () => {
      const waiting = state.queue;
      change({ online: true, queue: [] });
      for (const frame of waiting) socket.send(JSON.stringify(frame));
    };
    socket.onmessage = ({ data }) => take(JSON.parse(data));
    socket.onclose = () => {
      change({ online: false });
      if (!isClosed) timer = setTimeout(connect, waitMs * (0.5 + Math.random()));
    };
  }

  function take({ type, from, content }) {
    if (type === "chat") change({ messages: [...state.messages, { from, content }] });
    else if (type === "notification") change({ notifications: [...state.notifications, content] });
    else if (type === "order_status") change({ orders: { ...state.orders, [content.order_id]: content } });
    else if (type === "typing") change({ typing: [...new Set([...state.typing, from])] });
    else if (type === "error") console.warn(`the server says: ${content.message}`);
  }

  function send(frame) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    else change({ queue: [...state.queue, frame] });
  }

  connect();
  return {
    state: () => state,
    /** Calls back after each change; returns how to stop. */
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    /** To one user with `to`, to everyone without. */
    chat: (content, to) => send({ type: "chat", ...(to === undefined ? {} : { to }), content }),
    typing: (to) => send({ type: "typing", to, content: "" }),
    close() {
      isClosed = true;
      clearTimeout(timer);
      socket?.close(1000);
    },
  };
}
