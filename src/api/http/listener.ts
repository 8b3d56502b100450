/**
 * The listener: Fastify with its deadlines, and what every request passes. Every answer carries its request id and the
 * security headers, every request leaves one line in the log: method, path, status, time, id and subject, and never a
 * header, a body or a variable. Errors of every step go out through error-answer.ts.
 */

import type { RequestListener } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify as createFastify } from 'fastify';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { AuditLines } from '../../service/audit/audit-line.js';
import type { Whereabouts } from '../../service/command/reach.js';
import { viaOf } from './audited-request.js';
import { answerUnreadable } from './bare-answer.js';
import { loggablePath } from './download-address.js';
import { graphQLErrorBody, publicError, restErrorBody } from './error-answer.js';
import { AllowedMethods } from './guard/allowed-methods.js';
import { addressOf, type Trust } from './guard/client-address.js';
import {
  abandonBody,
  endWhenSilent,
  endWhenSlow,
  endWhenUnread,
  limitConnections,
  type ReadingSpeed,
} from './guard/connection-limit.js';
import type { Allowance, RateLimits } from './guard/rate-limit.js';
import { framingFault, isHostAllowed, LOOPBACK_ONLY, pathOf } from './guard/request-check.js';
import { setSecurityHeaders } from './guard/security-headers.js';
import type { ServerCertificate } from './guard/tls.js';
import { HEALTH_PATHS } from './monitoring/health.js';
import type { ErrorCounts, RequestScope } from './request-context.js';
import { requestIdOf } from './request-context.js';
import type { UnderWay } from './under-way.js';

declare module 'fastify' {
  interface FastifyRequest {
    scope: RequestScope;
    /** What is left of the limit that was looked at last. */
    allowance: Allowance | undefined;
  }
  interface FastifyInstance {
    rateLimits: RateLimits;
    /** Of every route. */
    allowedMethods: AllowedMethods;
  }
}

export interface ListenerOptions {
  readonly config: {
    /** Where the server listens. */
    readonly host: string;
    readonly bodyBytesMax: number;
    readonly traffic: { readonly connectionsMax: number };
  };
  readonly clock: Clock;
  readonly log: Log;
  /** Follows every call; without it none is written down. */
  readonly audit?: AuditLines | undefined;
  /** For tokens that are limited to databases; without it they may touch nothing that is known by its id. */
  readonly where?: Whereabouts | undefined;
  /** Counts what goes wrong. */
  readonly metrics?: { readonly errors: ErrorCounts } | undefined;
  /** With it the listener speaks TLS. */
  readonly tls?: ServerCertificate | undefined;
  /** Longest time in which a client reads nothing of its answer. */
  readonly answerSilenceMs?: number;
  /** Left out: the usual one. */
  readonly readingSpeed?: ReadingSpeed;
  /** Longest time that the headers of a request may take. */
  readonly headersTimeoutMs?: number;
}

export interface ListenerState {
  draining: boolean;
  /** Requests under way whose sender is known; the others hold up nobody who waits for the end. */
  readonly running: UnderWay<FastifyReply>;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** Deadlines are looked at so often at least; Node's own 30 s would let headers take three times as long. */
const DEADLINE_CHECK_MS = 5_000;
/** An upload may take an hour, as long as bytes keep coming. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const ANSWER_SILENCE_MS = 120_000;
const PATH_CHARACTERS_MAX = 200;
export const SHUTTING_DOWN = 'The server is shutting down: try again on another one, or later';

/** Fastify with its deadlines and the beginning of every request, and no route yet. */
export function createListener(options: ListenerOptions, trust: Trust): FastifyInstance {
  const { config, clock, log, tls } = options;
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  // Node's own answer to a request without a Host is bare: it gets one of ours
  const listening = {
    headersTimeout,
    connectionsCheckingInterval: Math.min(headersTimeout, DEADLINE_CHECK_MS),
    requireHostHeader: false,
  };
  const fastify = createFastify({
    bodyLimit: config.bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: listening,
    ...(tls === undefined
      ? {}
      : {
          serverFactory: (handler: RequestListener) =>
            tls.createServer(handler, { ...listening, requestTimeout: REQUEST_TIMEOUT_MS }),
        }),
    trustProxy: trust,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    clientErrorHandler: answerUnreadable,
    // An address that cannot be decoded reaches no hook.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply, { options, trust });
      answerError(error, request, reply);
    },
  });
  // before any route, as one keeps the handler that it finds
  fastify.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  const allowedMethods = new AllowedMethods();
  allowedMethods.watch(fastify);
  fastify.decorate('allowedMethods', allowedMethods);
  limitConnections(fastify.server, config.traffic.connectionsMax, { clock, log });
  fastify.decorateRequest('scope');
  fastify.decorateRequest('allowance');
  fastify.addHook('onRequest', async (request, reply) => begin(request, reply, { options, trust }));
  return fastify;
}

/** What every request passes before its route, and what is said of it afterwards. */
export function addHooks(fastify: FastifyInstance, options: ListenerOptions, state: ListenerState): void {
  fastify.addHook('onRequest', (request, reply) => admit(request, reply, { options, state }));
  fastify.addHook('preParsing', async (request, reply) => follow(request, reply, state));
  fastify.addHook('onSend', async (request, reply) => showAllowance(request, reply));
  fastify.addHook('onResponse', async (request, reply) => logAnswer(request, reply, options.clock));
  fastify.setNotFoundHandler((request, reply) => answerError(nothingThere(request, reply), request, reply));
}

interface Admission {
  readonly options: ListenerOptions;
  readonly state: ListenerState;
}

/** @throws AppError BAD_USER_INPUT, RATE_LIMITED, FORBIDDEN, SHUTTING_DOWN, NOT_FOUND, METHOD_NOT_ALLOWED */
async function admit(request: FastifyRequest, reply: FastifyReply, { options, state }: Admission): Promise<void> {
  const { server: fastify, scope } = request;
  const fault = framingFault(request.raw);
  if (fault !== undefined) {
    void reply.header('connection', 'close');
    throw new AppError('BAD_USER_INPUT', fault);
  }
  await fastify.rateLimits.countAddress(scope.address, (allowance) => {
    request.allowance = allowance;
  });
  if (!isHostAllowed(options.config.host, request.headers.host)) throw new AppError('FORBIDDEN', LOOPBACK_ONLY);
  endWhenSilent(request.raw, options.clock, () => scope.log.warn('no byte of the body for too long: hung up'));
  endWhenUnread(reply.raw, options.answerSilenceMs ?? ANSWER_SILENCE_MS, () =>
    scope.log.warn('the answer was not read for too long: hung up'),
  );
  endWhenSlow(
    reply.raw,
    options.clock,
    () => scope.log.warn('the answer was read too slowly: hung up'),
    options.readingSpeed,
  );
  // its body need not be read, nor understood
  const { method, url, routeOptions, server } = request;
  if (request.is404 || server.allowedMethods.isMistaken(pathOf(url), method, routeOptions.url))
    throw nothingThere(request, reply);
  if (HEALTH_PATHS.has(pathOf(request.url))) return;
  if (state.draining) refuseNew(reply);
}

/** Nothing is there, or nothing that takes the method. An answer to the latter names those that are taken. */
function nothingThere({ method, url, server }: FastifyRequest, reply: FastifyReply): AppError {
  const allowed = server.allowedMethods.of(pathOf(url));
  // a browser asks with OPTIONS whether a page of another origin may: here it may not
  if (allowed.length === 0 || allowed.includes(method) || method === 'OPTIONS')
    return new AppError(
      'NOT_FOUND',
      `There is nothing at this address, ${shownPath(url)}: ${whereInstead({ method, url }, server.allowedMethods)}`,
    );
  void reply.header('allow', allowed.join(', '));
  const taken = allowed.filter((name) => name !== 'HEAD' || allowed.length === 1).join(' or ');
  const near = server.allowedMethods.nearestByEnd(pathOf(url).slice(0, PATH_CHARACTERS_MAX), method);
  const meant = near === undefined ? '' : `, or did you mean ${near}?`;
  return new AppError('METHOD_NOT_ALLOWED', `This address does not take ${method}: use ${taken}${meant}`);
}

function whereInstead({ method, url }: Pick<FastifyRequest, 'method' | 'url'>, known: AllowedMethods): string {
  const near = known.nearest(pathOf(url).slice(0, PATH_CHARACTERS_MAX), method);
  return near === undefined
    ? 'the page at / says what there is'
    : `did you mean ${near}? The page at / says what else there is`;
}

/** After its token was looked at, and before its body is. @throws AppError SHUTTING_DOWN */
function follow({ scope }: FastifyRequest, reply: FastifyReply, state: ListenerState): void {
  if (scope.viewer === undefined) return;
  if (state.draining) refuseNew(reply);
  state.running.begin(reply);
  reply.raw.once('close', () => state.running.end(reply));
}

function refuseNew(reply: FastifyReply): never {
  void reply.header('connection', 'close');
  throw new AppError('SHUTTING_DOWN', SHUTTING_DOWN);
}

function showAllowance({ allowance }: FastifyRequest, reply: FastifyReply): void {
  if (allowance === undefined) return;
  void reply.headers({
    'x-ratelimit-limit': allowance.limit,
    'x-ratelimit-remaining': allowance.remaining,
    'x-ratelimit-reset': allowance.resetSeconds,
  });
}

function logAnswer(request: FastifyRequest, reply: FastifyReply, clock: Clock): void {
  abandonBody(request.raw, clock);
  const { scope } = request;
  scope.log.info(
    {
      method: request.method,
      path: shownPath(request.url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      subject: scope.viewer?.subject,
      operation: scope.operation,
    },
    'request',
  );
}

function shownPath(url: string): string {
  return loggablePath(url).slice(0, PATH_CHARACTERS_MAX);
}

function begin(
  request: FastifyRequest,
  reply: FastifyReply,
  { options: { log, audit, where, metrics }, trust }: { readonly options: ListenerOptions; readonly trust: Trust },
): void {
  request.scope = {
    requestId: request.id,
    log: log.child({ reqId: request.id }),
    address: addressOf(request.raw, trust),
    via: viaOf(request),
    audit,
    where,
    errorCounts: metrics?.errors,
  };
  setSecurityHeaders(reply, request.id);
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { scope } = request;
  const shown = publicError(error, scope);
  scope.outcome = shown.code;
  if (shown.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (shown.retryAfterSeconds !== undefined) void reply.header('retry-after', shown.retryAfterSeconds);
  void reply.code(shown.status);
  if (request.method !== 'POST' || pathOf(request.url) !== '/graphql') void reply.send(restErrorBody(shown, scope));
  else void reply.send({ errors: [graphQLErrorBody(shown, scope)] });
}
