/**
 * The one listener: GraphQL by POST and graphql-ws at /graphql, the IDE for browsers, health, and
 * whatever routes main.ts adds. Every answer carries its request id and the security headers,
 * every request leaves one line in the log: method, path, status, time, id and subject, and never
 * a header, a body or a variable.
 *
 * Order of a request: id and headers, origin, framing, limit of its address, Host check, draining check,
 * token and its limit (before a byte of the body is read), body with its limits, operation. Errors of every step go out
 * through api/error.ts.
 */
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify as createFastify } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Authenticator } from '../auth/authenticator.js';
import type { Config } from '../config/config.js';
import { assert } from '../lib/assert.js';
import type { Clock } from '../lib/clock.js';
import { systemClock } from '../lib/clock.js';
import { AppError } from '../lib/error.js';
import type { Log } from '../lib/log.js';
import { auditFields } from './graphql/audit/audited-field.js';
import { createApollo } from './graphql/server/graphql-server.js';
import { createSocketServer } from './graphql/server/socket.js';
import type { Audit } from './http/audited-request.js';
import { auditRequests, viaOf } from './http/audited-request.js';
import { allowOrigins } from './http/cors.js';
import { graphQLErrorBody, publicError, restErrorBody } from './http/error-answer.js';
import type { Trust } from './http/guard.js';
import {
  abandonBody,
  addressOf,
  endWhenSilent,
  endWhenUnread,
  framingFault,
  isHostAllowed,
  isLoopback,
  limitConnections,
  pathOf,
  setSecurityHeaders,
  trustIn,
} from './http/guard.js';
import type { Readiness } from './http/health.js';
import { HEALTH_PATHS, healthRoutes } from './http/health.js';
import { serveIde } from './http/ide-page.js';
import { listenForMetrics, type Metrics, serveMetrics } from './http/metrics.js';
import type { Allowance } from './http/rate-limit.js';
import { RateLimits } from './http/rate-limit.js';
import { authenticateRequest } from './http/request.js';
import type { ApiContext, RequestScope } from './http/request-context.js';
import { currentScope, requestIdOf } from './http/request-context.js';
import type { ServerCertificate } from './http/tls.js';
import { acceptUploads, checkMultipartHeaders, isMultipart } from './http/upload.js';
import { serveApiDocs } from './rest/pages/api-page.js';
import { answerUnreadable, serveUpgrades } from './upgrade.js';

declare module 'fastify' {
  interface FastifyRequest {
    scope: RequestScope;
    /** What is left of the limit that was looked at last. */
    allowance: Allowance | undefined;
  }
  interface FastifyInstance {
    rateLimits: RateLimits;
  }
}

export interface ApiServerOptions {
  readonly config: Pick<
    Config,
    'host' | 'port' | 'introspection' | 'bodyBytesMax' | 'uploadBytesMax' | 'traffic' | 'metricsPort'
  >;
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly ready: () => Promise<Readiness> | Readiness;
  readonly log: Log;
  /** Follows every call; without it none is written down. */
  readonly audit?: Audit | undefined;
  /** Folder of the built IDE. */
  readonly idePath: string;
  /** Adds to the context that resolvers get. */
  readonly contextFor?: (base: ApiContext) => ApiContext;
  /** Further routes, in a scope of their own; they authenticate with authenticateRequest. */
  readonly routes?: (fastify: FastifyInstance) => void | Promise<void>;
  /** Served at /metrics, unless metricsPort is set. */
  readonly metrics?: Metrics | undefined;
  /** With it the listener speaks TLS. */
  readonly tls?: ServerCertificate | undefined;
  readonly clock?: Clock;
  /** Longest silence in the middle of a body. */
  readonly bodySilenceMs?: number;
  /** Longest time in which a client reads nothing of its answer. */
  readonly answerSilenceMs?: number;
  /** Longest time that the headers of a request may take. */
  readonly headersTimeoutMs?: number;
  /** How often the tokens of open sockets are looked at again. */
  readonly socketRecheckMs?: number;
}

export interface ApiServer {
  readonly fastify: FastifyInstance;
  /** @returns the address to open, with the port that was taken */
  listen(): Promise<{ url: string }>;
  /** From now on new work is refused with SHUTTING_DOWN; resolves when the requests under way are answered. */
  drain(): Promise<void>;
  /** Closes the listeners and every connection, whatever still runs on them. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** Deadlines are looked at so often at least; Node's own 30 s would let headers take three times as long. */
const DEADLINE_CHECK_MS = 5_000;
/** An upload may take an hour, as long as bytes keep coming. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const BODY_SILENCE_MS = 30_000;
const ANSWER_SILENCE_MS = 120_000;
const DRAIN_POLL_MS = 25;
/** For subscriptions to deliver what they have when the server closes. */
const LAST_EVENTS_MS = 500;
const PATH_CHARACTERS_MAX = 200;

interface State {
  draining: boolean;
  /** Requests under way, health not counted. */
  running: number;
}

export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { config, schema, log, audit } = options;
  const state: State = { draining: false, running: 0 };
  const contextFor = options.contextFor ?? ((base: ApiContext) => base);
  const { traffic } = config;
  const trust = trustIn(traffic.trustedProxies);
  const fastify = createListener(options, trust);
  const rateLimits = await RateLimits.of(fastify, traffic);
  fastify.decorate('rateLimits', rateLimits);
  const apollo = createApollo({ schema, introspection: config.introspection, log, audit });
  if (audit !== undefined) auditFields(schema, audit);
  await apollo.start();
  const sockets = createSocketServer({
    schema,
    introspection: config.introspection,
    authenticator: options.authenticator,
    contextFor,
    isDraining: () => state.draining,
    clock: options.clock ?? systemClock,
    log,
    audit,
    rateLimits,
    socketsPerAddressMax: traffic.socketsPerAddressMax,
    ...(options.socketRecheckMs === undefined ? {} : { recheckMs: options.socketRecheckMs }),
  });
  await allowOrigins(fastify, traffic.corsOrigins);
  addHooks(fastify, options, state);
  if (audit !== undefined) auditRequests(fastify, audit);
  const { routes, metrics, tls } = options;
  metrics?.observe(fastify, () => sockets.open());
  if (metrics !== undefined && config.metricsPort === undefined) serveMetrics(fastify, metrics);
  healthRoutes(fastify, { ready: options.ready, isDraining: () => state.draining });
  await serveIde(fastify, options.idePath);
  await serveApiDocs(fastify);
  await fastify.register(async (scope) => {
    scope.addHook('onRequest', async (request) => {
      await authenticateRequest(request, options.authenticator);
      if (isMultipart(request)) checkMultipartHeaders(request, config.uploadBytesMax);
    });
    acceptUploads(scope);
    const answer = fastifyApolloHandler(apollo, {
      context: (request, reply) => Promise.resolve(contextFor(contextOf(request, reply))),
    });
    scope.post('/graphql', (request, reply) =>
      currentScope.run(request.scope, () => Promise.resolve(answer.call(fastify, request, reply))),
    );
  });
  if (routes !== undefined) await fastify.register(async (scope) => routes(scope));
  let metricsListener: FastifyInstance | undefined;
  serveUpgrades(fastify.server, {
    host: config.host,
    origins: traffic.corsOrigins,
    isDraining: () => state.draining,
    sockets,
    rateLimits,
    trust,
    log,
    audit,
  });
  return {
    fastify,
    listen: async () => {
      const { host, port, metricsPort = 0 } = config;
      if (metrics !== undefined && metricsPort !== 0)
        metricsListener = await listenForMetrics({ host, port: metricsPort, metrics, tls });
      try {
        await fastify.listen({ host, port });
      } catch (error) {
        await metricsListener?.close();
        throw error;
      }
      if (tls === undefined && !isLoopback(host))
        log.warn(
          { host },
          'listening beyond loopback without TLS: tokens and keys can be read on the way, unless a proxy in front ' +
            'speaks TLS',
        );
      return { url: `${tls === undefined ? 'http' : 'https'}://${authorityOf(host, fastify.server.address())}` };
    },
    drain: async () => {
      state.draining = true;
      while (state.running > 0) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    },
    close: async () => {
      state.draining = true;
      // subscriptions follow work and are none: those of work that has ended get their last event, the others are cut
      // off
      const deadline = performance.now() + LAST_EVENTS_MS;
      while (sockets.running() > 0 && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      await sockets.close();
      await Promise.all([fastify.close(), metricsListener?.close()]);
      await apollo.stop();
    },
  };
}

/** Fastify with its deadlines and the beginning of every request, and no route yet. */
function createListener(options: ApiServerOptions, trust: Trust): FastifyInstance {
  const { config, log, tls } = options;
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
      begin(request, reply, { log, trust });
      answerError(error, request, reply);
    },
  });
  limitConnections(fastify.server, config.traffic.connectionsMax, log);
  fastify.decorateRequest('scope');
  fastify.decorateRequest('allowance');
  fastify.addHook('onRequest', async (request, reply) => begin(request, reply, { log, trust }));
  return fastify;
}

function addHooks(fastify: FastifyInstance, options: ApiServerOptions, state: State): void {
  const { config } = options;
  fastify.addHook('onRequest', async (request, reply) => {
    const fault = framingFault(request.raw);
    if (fault !== undefined) {
      void reply.header('connection', 'close');
      throw new AppError('BAD_USER_INPUT', fault);
    }
    await fastify.rateLimits.countAddress(request.scope.address, (allowance) => {
      request.allowance = allowance;
    });
    if (!isHostAllowed(config.host, request.headers.host)) {
      throw new AppError('FORBIDDEN', 'This server listens on loopback: address it as localhost, 127.0.0.1 or [::1]');
    }
    endWhenSilent(request.raw, options.bodySilenceMs ?? BODY_SILENCE_MS, () =>
      request.scope.log.warn('no byte of the body for too long: hung up'),
    );
    endWhenUnread(reply.raw, options.answerSilenceMs ?? ANSWER_SILENCE_MS, () =>
      request.scope.log.warn('the answer was not read for too long: hung up'),
    );
    if (HEALTH_PATHS.has(pathOf(request.url))) return;
    if (state.draining) {
      void reply.header('connection', 'close');
      throw new AppError('SHUTTING_DOWN', 'The server is shutting down: try again on another one, or later');
    }
    state.running++;
    reply.raw.once('close', () => state.running--);
  });
  fastify.addHook('onSend', async ({ allowance }, reply) => {
    if (allowance === undefined) return;
    void reply.headers({
      'x-ratelimit-limit': allowance.limit,
      'x-ratelimit-remaining': allowance.remaining,
      'x-ratelimit-reset': allowance.resetSeconds,
    });
  });
  fastify.addHook('onResponse', async (request, reply) => {
    abandonBody(request.raw);
    const { scope } = request;
    scope.log.info(
      {
        method: request.method,
        path: pathOf(request.url).slice(0, PATH_CHARACTERS_MAX),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        subject: scope.viewer?.subject,
        operation: scope.operation,
      },
      'request',
    );
  });
  fastify.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  fastify.setNotFoundHandler((request, reply) =>
    answerError(new AppError('NOT_FOUND', 'There is nothing at this address'), request, reply),
  );
}

function begin(
  request: FastifyRequest,
  reply: FastifyReply,
  { log, trust }: { readonly log: Log; readonly trust: Trust },
): void {
  request.scope = {
    requestId: request.id,
    log: log.child({ reqId: request.id }),
    address: addressOf(request.raw, trust),
    via: viaOf(request),
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

function contextOf(request: FastifyRequest, reply: FastifyReply): ApiContext {
  const { scope } = request;
  const { viewer, requestId, log } = scope;
  assert(viewer !== undefined, 'a GraphQL request without a viewer');
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return { viewer, requestId, log, requestSignal: gone.signal, scope };
}

function authorityOf(host: string, address: AddressInfo | string | null): string {
  assert(typeof address === 'object' && address !== null, 'the server listens on a port');
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
