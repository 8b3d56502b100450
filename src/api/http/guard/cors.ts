/**
 * Web pages of other origins (CORS): none may use the API but those that are configured, and these with a
 * bearer token of their own only, as nothing here is answered for a cookie.
 */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'];
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Range',
  'If-Range',
  'X-Request-ID',
  'X-Debug',
  'X-Decryption-Key',
  'Apollo-Require-Preflight',
  'X-Apollo-Operation-Name',
];
const ANSWER_HEADERS = [
  'X-Request-ID',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
];
const PREFLIGHT_SECONDS = 600;

/** Answers preflight requests of these origins, and lets their pages read every answer, errors included. */
export async function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  await fastify.register(cors, {
    // `false` is no CORS at all for this request: its preflight finds nothing here
    origin: (origin, answer) => answer(null, origin !== undefined && allowed.has(origin) ? origin : false),
    methods: METHODS,
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: ANSWER_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
    // goes through the limits and checks that follow, like every other request
    preflightContinue: true,
  });
  fastify.addHook('onRequest', async (request, reply) => {
    if (allowed.has(request.headers.origin ?? '')) void reply.header('cross-origin-resource-policy', 'cross-origin');
  });
}
