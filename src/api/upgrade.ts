/**
 * Requests to become a WebSocket, which reach no route and no hook: they pass the same checks as others before anything
 * of theirs is read.
 */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../lib/error.js';
import type { Log } from '../lib/log.js';
import type { AuditLines } from '../service/audit/audit-line.js';
import type { SocketServer } from './graphql/server/socket.js';
import { hangUp } from './http/bare-answer.js';
import { addressOf, type Trust } from './http/guard/client-address.js';
import type { RateLimits } from './http/guard/rate-limit.js';
import { framingFault, isHostAllowed, isOriginAllowed, pathOf } from './http/guard/request-check.js';

export interface UpgradeOptions {
  /** Where the server listens. */
  readonly host: string;
  /** Of web pages besides our own. */
  readonly origins: readonly string[];
  readonly isDraining: () => boolean;
  readonly sockets: SocketServer;
  readonly rateLimits: RateLimits;
  readonly trust: Trust;
  readonly log: Log;
  readonly audit?: AuditLines | undefined;
}

const FORBIDDEN = '403 Forbidden';
const FULL_RETRY_SECONDS = 60;

/** Hands requests for a WebSocket at /graphql to the socket server, and hangs up on all others. */
export function serveUpgrades(server: Server, options: UpgradeOptions): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade({ request, socket, head }, options).catch((error: unknown) => {
      options.log.error({ err: error }, 'upgrade failed');
      socket.destroy();
    });
  });
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function upgrade(
  { request, socket, head }: Upgrade,
  { host: boundTo, origins, isDraining, sockets, rateLimits, trust, audit }: UpgradeOptions,
): Promise<void> {
  const { host, origin } = request.headers;
  const address = addressOf(request, trust);
  socket.on('error', () => socket.destroy());
  const refusal =
    refusalOf(request) ??
    (isHostAllowed(boundTo, host) && isOriginAllowed(origin, host, origins) ? undefined : FORBIDDEN);
  const refuse = (result: string): void => void audit?.record({ action: 'connect', address, via: 'SOCKET', result });
  if (refusal !== undefined) {
    if (refusal === FORBIDDEN) refuse('FORBIDDEN');
    hangUp(socket, refusal);
    return;
  }
  try {
    await rateLimits.countAddress(address);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refuse('RATE_LIMITED');
    hangUp(socket, '429 Too Many Requests', error.retryAfterSeconds);
    return;
  }
  if (!sockets.hasRoomFor(address)) {
    refuse('RATE_LIMITED');
    hangUp(socket, '429 Too Many Requests', FULL_RETRY_SECONDS);
  } else if (isDraining() || !sockets.hasRoom()) hangUp(socket, '503 Service Unavailable');
  else sockets.accept({ request, socket, head, address });
}

function refusalOf(request: IncomingMessage): string | undefined {
  // some clients ask for HTTP/2 in this way
  if (framingFault(request) !== undefined || request.headers.upgrade?.toLowerCase() !== 'websocket')
    return '400 Bad Request';
  return pathOf(request.url ?? '') === '/graphql' ? undefined : '404 Not Found';
}
