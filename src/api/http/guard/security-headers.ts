/** The security headers of every answer, and the policy of the IDE. */
import type { FastifyReply } from 'fastify';
import { HOST_HEADER } from './request-check.js';

/** A year, as is usual. */
const TLS_ONLY_SECONDS = 31_536_000;
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

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
