/**
 * What guards the listener before anything of GraphQL or REST runs: security headers, the Host
 * and Origin checks that keep foreign web pages out (DNS rebinding), and deadlines for clients
 * that stop sending or never finish.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/i;
const HOST_HEADER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
/** How long an unread rest of a request may still take after its answer went out. */
const ABANDONED_MS = 10_000;

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

/** A browser says where its page came from; other clients send no Origin. */
export function isOriginAllowed(origin: string | undefined, hostHeader: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === hostHeader?.toLowerCase().replace(/:(?:80|443)$/, '');
}

export function setSecurityHeaders(reply: FastifyReply, requestId: string): void {
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

/** After an early answer: reads the rest of the body away for a while, so that the client sees the answer, then hangs up. */
export function abandonBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  request.resume();
  const timer = setTimeout(() => request.destroy(), ABANDONED_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
}
