/** The last words to a connection that has no request to answer: what is wrong, then it is closed. */
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../lib/error.js';
import { requestIdOf } from './request-context.js';

export interface LastWords {
  /** Such as "404 Not Found". */
  readonly status: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** For a last answer to arrive. */
const GOODBYE_MS = 1_000;

const TOO_SLOW: LastWords = {
  status: '408 Request Timeout',
  code: 'BAD_USER_INPUT',
  message: 'The request took too long to arrive: send it again',
};
const HEADERS_TOO_LARGE: LastWords = {
  status: '431 Request Header Fields Too Large',
  code: 'TOO_LARGE',
  message: 'The address and the headers of the request take more than 16 KiB: send fewer or shorter ones',
};
const UNREADABLE: LastWords = {
  status: '400 Bad Request',
  code: 'BAD_USER_INPUT',
  message: 'This is no HTTP request that can be read: send HTTP/1.1, and https where the server speaks TLS',
};

/** Bytes that are no HTTP request, or one that took too long. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  hangUp(
    socket,
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? TOO_SLOW
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? HEADERS_TOO_LARGE
        : UNREADABLE,
  );
}

/** Answers with an error as REST has it, and closes the connection. */
export function hangUp(socket: Duplex, { status, code, message, retryAfterSeconds }: LastWords): void {
  const requestId = requestIdOf(undefined);
  const body = JSON.stringify({ error: message, code, request_id: requestId });
  const headers = [
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-ID: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  // the rest of what it sends is not read, and a client that does not hang up in its turn does not keep the socket
  socket.resume();
  setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}
