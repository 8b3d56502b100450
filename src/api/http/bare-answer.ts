/** The last words to a connection that has no request to answer: a bare status, then it is closed. */
import type { Duplex } from 'node:stream';
import { requestIdOf } from './request-context.js';

/** For a last answer to arrive. */
const GOODBYE_MS = 1_000;

/** Bytes that are no HTTP request, or one that took too long: a bare answer. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? '408 Request Timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : '400 Bad Request';
  hangUp(socket, status);
}

/** Answers with a status and nothing else, and closes the connection. */
export function hangUp(socket: Duplex, status: string, retryAfterSeconds?: number): void {
  const headers = [
    ...[
      'Connection: close',
      'Content-Length: 0',
      `X-Request-ID: ${requestIdOf(undefined)}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
    ],
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  // the rest of what it sends is not read, and a client that does not hang up in its turn does not keep the socket
  socket.resume();
  setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n`);
}
