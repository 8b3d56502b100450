/** Whether a WebSocket's client is still there, and the goodbye to all of them. */
import type { WebSocket, WebSocketServer } from 'ws';

const PING_EVERY_MS = 12_000;
/** For clients to take leave in their turn. */
const GOODBYE_MS = 500;
const GOING_AWAY = 1001;

/** Asks the client now and then, and hangs up when it has not answered until the next time. */
export function terminateWhenGone(socket: WebSocket): void {
  let answered = true;
  const ping = setInterval(() => {
    if (!answered) socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, PING_EVERY_MS);
  socket.on('pong', () => {
    answered = true;
  });
  socket.once('close', () => clearInterval(ping));
}

/** Closes every socket; hangs up on those that do not take leave. */
export async function closeAll(sockets: WebSocketServer): Promise<void> {
  for (const client of sockets.clients) client.close(GOING_AWAY, 'The server is shutting down');
  const timer = setTimeout(() => sockets.clients.forEach((client) => client.terminate()), GOODBYE_MS);
  await new Promise<void>((resolve) => sockets.close(() => resolve()));
  clearTimeout(timer);
}
