/**
 * Requests to become a WebSocket, which reach no route and no hook: they pass the same checks as others before anything
 * of theirs is read.
 */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { AppError } from '../lib/error.js';
import type { Log } from '../lib/log.js';
import type { AuditLines } from '../service/audit/audit-line.js';
import { REFUSALS } from '../service/command/call.js';
import type { SocketServer } from './graphql/server/socket.js';
import { hangUp, type LastWords } from './http/bare-answer.js';
import { addressOf, type Trust } from './http/guard/client-address.js';
import type { RateLimits } from './http/guard/rate-limit.js';
import type { RefusedOrigins } from './http/guard/refused-origins.js';
import { framingFault, isHostAllowed, LOOPBACK_ONLY, pathOf } from './http/guard/request-check.js';
import { SHUTTING_DOWN } from './http/listener.js';
import type { ErrorCounts } from './http/request-context.js';

export interface UpgradeOptions {
  /** Where the server listens. */
  readonly host: string;
  readonly refusedOrigins: RefusedOrigins;
  readonly isDraining: () => boolean;
  readonly sockets: SocketServer;
  readonly rateLimits: RateLimits;
  readonly trust: Trust;
  readonly log: Log;
  readonly audit?: AuditLines | undefined;
  readonly errorCounts?: ErrorCounts | undefined;
}

const TOO_MANY = '429 Too Many Requests';
const UNAVAILABLE = '503 Service Unavailable';
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
  { host: boundTo, refusedOrigins, isDraining, sockets, rateLimits, trust, log, audit, errorCounts }: UpgradeOptions,
): Promise<void> {
  const { host, origin } = request.headers;
  const address = addressOf(request, trust);
  socket.on('error', () => socket.destroy());
  const refuse = (words: LastWords): void => {
    if (REFUSALS.has(words.code)) void audit?.record({ action: 'connect', address, via: 'SOCKET', result: words.code });
    errorCounts?.refused(words.code);
    hangUp(socket, words);
  };
  const fault =
    faultOf(request) ?? hostFaultOf(boundTo, host) ?? forbidden(refusedOrigins.refusalOf(origin, host, log)?.message);
  if (fault !== undefined) {
    refuse(fault);
    return;
  }
  try {
    await rateLimits.countAddress(address);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, retryAfterSeconds } = error;
    refuse({ status: TOO_MANY, code: 'RATE_LIMITED', message, retryAfterSeconds });
    return;
  }
  const full = { code: 'RATE_LIMITED', retryAfterSeconds: FULL_RETRY_SECONDS } as const;
  if (!sockets.hasRoomFor(address))
    refuse({
      ...full,
      status: TOO_MANY,
      message: 'Your address has too many WebSockets open: close some (OVNCP_SOCKETS_PER_ADDRESS_MAX)',
    });
  else if (isDraining()) hangUp(socket, { status: UNAVAILABLE, code: 'SHUTTING_DOWN', message: SHUTTING_DOWN });
  else if (!sockets.hasRoom())
    hangUp(socket, { ...full, status: UNAVAILABLE, message: 'All WebSockets are taken: try again later' });
  else sockets.accept({ request, socket, head, address });
}

function faultOf(request: IncomingMessage): LastWords | undefined {
  const bad = { status: '400 Bad Request', code: 'BAD_USER_INPUT' } as const;
  const framing = framingFault(request);
  if (framing !== undefined) return { ...bad, message: framing };
  const wanted = request.headers.upgrade ?? '';
  // some clients ask for HTTP/2 in this way
  if (wanted.toLowerCase() !== 'websocket')
    return {
      ...bad,
      message: `The header "Upgrade: ${wanted.slice(0, 100)}" is not taken: write websocket, or no Upgrade`,
    };
  const protocols = request.headers['sec-websocket-protocol'];
  if (protocols !== undefined && !protocols.split(',').some((name) => name.trim() === GRAPHQL_TRANSPORT_WS_PROTOCOL))
    return {
      ...bad,
      message:
        `The subprotocol "${protocols.slice(0, 100)}" is not taken: ask for ${GRAPHQL_TRANSPORT_WS_PROTOCOL}, as ` +
        'the library graphql-ws does',
    };
  const path = pathOf(request.url ?? '');
  return path === '/graphql'
    ? undefined
    : {
        status: '404 Not Found',
        code: 'NOT_FOUND',
        message: `There is no WebSocket at ${path.slice(0, 100)}: connect to /graphql, with graphql-transport-ws`,
      };
}

function hostFaultOf(boundTo: string, host: string | undefined): LastWords | undefined {
  return isHostAllowed(boundTo, host) ? undefined : forbidden(LOOPBACK_ONLY);
}

function forbidden(message: string | undefined): LastWords | undefined {
  return message === undefined ? undefined : { status: '403 Forbidden', code: 'FORBIDDEN', message };
}
