/** Deadlines and limits of connections: for clients that stop sending, stop reading, never finish, or are too many. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Log } from '../../../lib/log.js';

/** How long an unread rest of a request may still take after its answer went out. */
const ABANDONED_MS = 10_000;
const DROPS_LOGGED_EVERY_MS = 10_000;

/** Hangs up on connections over so many, and says so in the log now and then. */
export function limitConnections(server: Server, connectionsMax: number, log: Log): void {
  server.maxConnections = connectionsMax;
  let loggedAt = -Infinity;
  server.on('drop', () => {
    const now = performance.now();
    if (now - loggedAt < DROPS_LOGGED_EVERY_MS) return;
    loggedAt = now;
    log.warn({ connectionsMax }, 'too many connections: hung up on a new one');
  });
}

/**
 * Ends a request whose sender has gone silent in the middle of the body. A pause that we cause
 * (bytes are here and nobody reads them yet) is not silence.
 * @param silenceMs longest time without a byte
 */
export function endWhenSilent(request: IncomingMessage, silenceMs: number, onSilence: () => void): void {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) return;
  let seen = request.socket.bytesRead;
  let since = performance.now();
  const timer = setInterval(
    () => {
      if (request.complete || request.destroyed) return clearInterval(timer);
      const now = performance.now();
      if (request.socket.bytesRead !== seen || request.readableLength > 0) {
        seen = request.socket.bytesRead;
        since = now;
      } else if (now - since >= silenceMs) {
        clearInterval(timer);
        onSilence();
        request.destroy();
      }
    },
    Math.max(10, silenceMs / 6),
  );
  timer.unref();
  request.once('close', () => clearInterval(timer));
}

/**
 * Hangs up on a client that has stopped reading its answer.
 * @param silenceMs longest time in which nothing of what is ready could be sent
 */
export function endWhenUnread(response: ServerResponse, silenceMs: number, onSilence: () => void): void {
  response.setTimeout(silenceMs, () => {
    // nothing ready to be sent: the work takes long, which is nobody's fault
    if ((response.socket?.writableLength ?? 0) === 0) return;
    onSilence();
    response.destroy();
  });
}

/**
 * After an early answer: reads the rest of the body away for a while, so that the client sees the answer, then hangs
 * up.
 */
export function abandonBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  // an iterator that nobody goes on with listens still, and keeps the rest from flowing
  request.removeAllListeners('readable');
  request.resume();
  const timer = setTimeout(() => request.destroy(), ABANDONED_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
}
