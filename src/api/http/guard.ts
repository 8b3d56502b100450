/**
 * What guards the listener before anything of GraphQL or REST runs: security headers, the Host
 * and Origin checks that keep foreign web pages out (DNS rebinding), requests that two servers could
 * read in two ways (smuggling), where a request comes from, and deadlines for clients that stop
 * sending, stop reading or never finish.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply } from 'fastify';
import type { Log } from '../../lib/log.js';

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/i;
const HOST_HEADER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;
/** How long an unread rest of a request may still take after its answer went out. */
const ABANDONED_MS = 10_000;

const DROPS_LOGGED_EVERY_MS = 10_000;
/** A year, as is usual. */
const TLS_ONLY_SECONDS = 31_536_000;

const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** On loopback only loopback's own names: a web page that points its name at 127.0.0.1 is turned away. */
export function isHostAllowed(boundTo: string, hostHeader: string | undefined): boolean {
  const name = HOST_HEADER.exec(hostHeader ?? '')?.[1];
  if (name === undefined) return false;
  return !isLoopback(boundTo) || isLoopback(name);
}

/**
 * A browser says where its page came from; other clients send no Origin.
 * @param allowed origins besides our own
 */
export function isOriginAllowed(
  origin: string | undefined,
  hostHeader: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === hostHeader?.toLowerCase().replace(/:(?:80|443)$/, '');
}

/**
 * What is wrong with a request that a proxy in front may have read as another one, or as two; undefined if nothing is.
 */
export function framingFault({ httpVersion, url, headers, rawHeaders }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) return 'The request needs one Host header';
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return 'The only transfer encoding is "chunked", with HTTP/1.1';
  const authority = ABSOLUTE_FORM.exec(url ?? '')?.[1];
  if (authority !== undefined && authority.toLowerCase() !== headers.host?.toLowerCase())
    return 'The address of the request and its Host header name different servers';
  return undefined;
}

/** The path that a request asks for, without its query string. */
export function pathOf(url: string): string {
  return url.replace(ABSOLUTE_FORM, '').split('?', 1)[0] ?? '';
}

export type Trust = (address: string, hop: number) => boolean;

/** @param proxies addresses and networks as OVNCP_TRUSTED_PROXIES has them */
export function trustIn(proxies: readonly string[]): Trust {
  return proxyAddr.compile([...proxies]);
}

/**
 * Where a request comes from: the address at the other end of the connection, or the one that a trusted proxy
 * names in X-Forwarded-For.
 */
export function addressOf(request: IncomingMessage, trust: Trust): string {
  // it is undefined, against its type, once the connection is gone
  const address = proxyAddr(request, trust) as string | undefined;
  return address === undefined ? 'gone' : rateLimit.normalizeIP(address, 128);
}

/**
 * What is counted as one sender: an IPv4 address, or the network (/64) of an IPv6 one, which a customer has all to
 * himself.
 */
export function networkOf(address: string): string {
  return rateLimit.normalizeIP(address);
}

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

export function setSecurityHeaders(reply: FastifyReply, requestId: string): void {
  const { protocol, hostname } = reply.request;
  // browsers hold it against every port of the name: not for the one that all developers share
  if (protocol === 'https' && hostname !== 'localhost')
    void reply.header('strict-transport-security', `max-age=${TLS_ONLY_SECONDS}`);
  void reply.headers({
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'content-security-policy': API_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
}

/** The policy of the IDE: everything from here, nothing inline but styles (the editor sets them), one socket back. */
export function idePolicy(hostHeader: string | undefined): string {
  const socket = HOST_HEADER.test(hostHeader ?? '') ? ` ws://${hostHeader ?? ''} wss://${hostHeader ?? ''}` : '';
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "worker-src 'self'",
    `connect-src 'self'${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
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
