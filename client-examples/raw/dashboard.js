// A learner's dashboard over a plain WebSocket: no library, no class, just the browser's own API.
// Runs in browsers and in Node 22; Node 20 needs --experimental-websocket.

/**
 * Connects once. The page decides when to connect again (channels.js has a client that does it itself).
 * @param {{url: string, token: string, onProgress?: (data: object) => void, onQuiz?: (data: object) => void,
 *   onError?: (error: {code: string, message: string}) => void, onClose?: (event: {code: number}) => void}} options
 *   `url` is the server's, such as `ws://localhost:8080`
 */
export function connectDashboard({ url, token, onProgress, onQuiz, onError, onClose }) {
  const socket = new WebSocket(`${url}/api/v1/ws/dashboard?token=${encodeURIComponent(token)}`);
  let keepAlive;

  socket.onopen = () => {
    keepAlive = setInterval(() => socket.send(JSON.stringify({ type: "ping" })), 30_000);
  };

  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.event === "progress_updated") onProgress?.(frame.data);
    else if (frame.event === "quiz_completed") onQuiz?.(frame.data);
    else if (frame.type === "error") onError?.(frame);
    else if (frame.type === "close") console.info(`the server closes: ${frame.reason}`);
  };

  socket.onclose = (event) => {
    clearInterval(keepAlive);
    onClose?.(event);
  };

  return socket;
}
