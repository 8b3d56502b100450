/** Deadlines and limits of connections: for clients that stop sending, stop or nearly stop reading, or are too many. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type Clock, every } from '../../../lib/clock.js';
import type { Log } from '../../../lib/log.js';

/** Longest time without a byte in the middle of a body, and how often that is looked at. */
const BODY_SILENCE_MS = 30_000;
const SILENCE_CHECK_MS = 5_000;
/** How long an unread rest of a request may still take after its answer went out. */
const ABANDONED_MS = 10_000;
const DROPS_LOGGED_EVERY_MS = 10_000;

/** Hangs up on connections over so many, and says so in the log now and then. */
export function limitConnections(
  server: Server,
  connectionsMax: number,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): void {
  server.maxConnections = connectionsMax;
  let loggedAt = -Infinity;
  server.on('drop', () => {
    const now = clock.monotonic();
    if (now - loggedAt < DROPS_LOGGED_EVERY_MS) return;
    loggedAt = now;
    log.warn({ connectionsMax }, 'too many connections: hung up on a new one');
  });
}

/**
 * Ends a request whose sender has gone silent in the middle of the body. A pause that we cause
 * (bytes are here and nobody reads them yet) is not silence.
 */
export function endWhenSilent(request: IncomingMessage, clock: Clock, onSilence: () => void): void {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) return;
  let seen = request.socket.bytesRead;
  let since = clock.monotonic();
  const endLooks = every(clock, SILENCE_CHECK_MS, () => {
    if (request.complete || request.destroyed) return endLooks();
    const now = clock.monotonic();
    if (request.socket.bytesRead !== seen || request.readableLength > 0) {
      seen = request.socket.bytesRead;
      since = now;
    } else if (now - since >= BODY_SILENCE_MS) {
      endLooks();
      onSilence();
      request.destroy();
    }
  });
  request.once('close', endLooks);
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

/** What a client must read at least of an answer that is ready for it. */
export interface ReadingSpeed {
  readonly bytesMin: number;
  readonly withinMs: number;
}

/** 16 KiB a second, over a minute. */
const READING_SPEED: ReadingSpeed = { bytesMin: 60 * (16 << 10), withinMs: 60_000 };

/**
 * Hangs up on a client that reads its answer so slowly that it would hold what the answer takes (disk space, a place
 * among others) for as long as it likes.
 */
export function endWhenSlow(
  response: ServerResponse,
  clock: Clock,
  onSlow: () => void,
  { bytesMin, withinMs }: ReadingSpeed = READING_SPEED,
): void {
  const { socket } = response;
  if (socket === null) return;
  let before: number | undefined;
  const endLooks = every(clock, withinMs, () => {
    // nothing is ready to be sent: the client waits for us
    const sent = socket.writableLength === 0 ? undefined : socket.bytesWritten - socket.writableLength;
    if (sent !== undefined && before !== undefined && sent - before < bytesMin) {
      endLooks();
      onSlow();
      response.destroy();
    }
    before = sent;
  });
  response.once('close', endLooks);
}

/**
 * After an early answer: reads the rest of the body away for a while, so that the client sees the answer, then hangs
 * up.
 */
export function abandonBody(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  // an iterator that nobody goes on with listens still, and keeps the rest from flowing
  request.removeAllListeners('readable');
  request.resume();
  const callOff = clock.alarm(ABANDONED_MS, () => request.destroy(), { keepsAlive: false });
  request.once('close', callOff);
  request.once('end', callOff);
}
