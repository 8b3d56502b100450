/** A server that speaks TLS. Whoever speaks plain HTTP to it is told so in plain HTTP. */
import type { RequestListener } from 'node:http';
import { Server as HttpsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { errnoOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';

/** For a client to begin, and to end, its handshake. */
const HANDSHAKE_MS = 15_000;
/** For a client that speaks plain HTTP to read its answer. */
const LAST_WORDS_MS = 2_000;
const NOT_TLS = 'This port speaks TLS: write https://';

/**
 * Looks at the first byte of a connection: a handshake goes on to TLS, plain HTTP is answered, anything else hung up
 * on.
 */
export class TlsServer extends HttpsServer {
  /** Connections, also those that TLS has not made out yet: Node counts only what speaks HTTP. */
  private readonly open = new Set<Socket>();

  constructor(options: ServerOptions, handler: RequestListener, log: Log) {
    super({ ...options, handshakeTimeout: HANDSHAKE_MS }, handler);
    const handshakes = this.listeners('connection') as ((socket: Socket) => void)[];
    this.removeAllListeners('connection');
    this.on('connection', (socket: Socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
      greet(socket, () => {
        for (const handshake of handshakes) handshake.call(this, socket);
      });
    });
    // Node would hand it to whoever answers unreadable HTTP, and an answer cannot be read without a handshake
    this.removeAllListeners('tlsClientError');
    this.on('tlsClientError', (error, socket) => {
      log.debug({ code: errnoOf(error) }, 'a TLS handshake failed');
      socket.destroy();
    });
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const socket of this.open) socket.destroy();
  }
}

const HANDSHAKE_BYTE = 0x16;

function greet(socket: Socket, startTls: () => void): void {
  const hangUp = (): void => void socket.destroy();
  socket.on('error', hangUp);
  const timer = setTimeout(hangUp, HANDSHAKE_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('data', (first: Buffer) => {
    clearTimeout(timer);
    socket.pause();
    if (first[0] === HANDSHAKE_BYTE) {
      socket.unshift(first);
      startTls();
    } else if (/^[A-Z]/.test(first.toString('latin1', 0, 1))) {
      const body = JSON.stringify({ error: NOT_TLS, code: 'BAD_USER_INPUT' });
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; ` +
          `charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Content-Type-Options: ` +
          `nosniff\r\nCache-Control: no-store\r\n\r\n${body}`,
      );
      // what it still sends is read away: hanging up on it would take the answer along
      socket.resume();
      setTimeout(hangUp, LAST_WORDS_MS).unref();
    } else hangUp();
  });
}
