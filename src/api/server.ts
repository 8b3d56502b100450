/**
 * The one listener: GraphQL by POST and graphql-ws at /graphql, the IDE for browsers, health, and
 * whatever routes main.ts adds. Every answer carries its request id and the security headers,
 * every request leaves one line in the log: method, path, status, time, id and subject, and never
 * a header, a body or a variable.
 *
 * Order of a request: id and headers, Host check, draining check, token (before a byte of the body
 * is read), body with its limits, operation. Errors of every step go out through api/error.ts.
 */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { fastify as createFastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config.js';
import { assert } from '../lib/assert.js';
import { systemClock } from '../lib/clock.js';
import type { Clock } from '../lib/clock.js';
import { AppError } from '../lib/error.js';
import type { Log } from '../lib/log.js';
import type { Authenticator } from './auth.js';
import { currentScope, requestIdOf } from './context.js';
import type { ApiContext, RequestScope } from './context.js';
import { graphQLErrorBody, publicError, restErrorBody } from './error.js';
import { createApollo } from './graphql/server.js';
import { createSocketServer } from './graphql/socket.js';
import type { SocketServer } from './graphql/socket.js';
import { abandonBody, endWhenSilent, isHostAllowed, isOriginAllowed, setSecurityHeaders } from './http-guard.js';
import { serveIde } from './ide-page.js';
import { HEALTH_PATHS, healthRoutes } from './rest/health.js';
import type { Readiness } from './rest/health.js';
import { acceptUploads, checkMultipartHeaders, isMultipart } from './upload.js';

declare module 'fastify' {
  interface FastifyRequest {
    scope: RequestScope;
  }
}

export interface ApiServerOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'introspection' | 'bodyBytesMax' | 'uploadBytesMax'>;
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly ready: () => Promise<Readiness> | Readiness;
  readonly log: Log;
  /** Folder of the built IDE. */
  readonly idePath: string;
  /** Adds to the context that resolvers get. */
  readonly contextFor?: (base: ApiContext) => ApiContext;
  /** Further routes, in a scope of their own; they authenticate with authenticateRequest. */
  readonly routes?: (fastify: FastifyInstance) => void | Promise<void>;
  readonly clock?: Clock;
  /** Longest silence in the middle of a body. */
  readonly bodySilenceMs?: number;
}

export interface ApiServer {
  readonly fastify: FastifyInstance;
  /** @returns the address to open, with the port that was taken */
  listen(): Promise<{ url: string }>;
  /** From now on new work is refused with SHUTTING_DOWN; resolves when the requests under way are answered. */
  drain(): Promise<void>;
  /** Closes the listener and every connection, whatever still runs on it. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** An upload may take an hour, as long as bytes keep coming. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const BODY_SILENCE_MS = 30_000;
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
  const { config, schema, log } = options;
  const state: State = { draining: false, running: 0 };
  const contextFor = options.contextFor ?? ((base: ApiContext) => base);
  const fastify = createFastify({
    bodyLimit: config.bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    clientErrorHandler: answerUnreadable,
    // An address that cannot be decoded reaches no hook.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply, log);
      answerError(error, request, reply);
    },
  });
  const apollo = createApollo({ schema, introspection: config.introspection, log });
  await apollo.start();
  const sockets = createSocketServer({
    schema,
    introspection: config.introspection,
    authenticator: options.authenticator,
    contextFor,
    isDraining: () => state.draining,
    clock: options.clock ?? systemClock,
    log,
  });
  addHooks(fastify, options, state);
  healthRoutes(fastify, { ready: options.ready, isDraining: () => state.draining });
  await serveIde(fastify, options.idePath);
  await fastify.register(async (scope) => {
    scope.addHook('onRequest', async (request) => {
      await authenticateRequest(request, options.authenticator);
      if (isMultipart(request)) checkMultipartHeaders(request, config.uploadBytesMax);
    });
    acceptUploads(scope);
    const answer = fastifyApolloHandler(apollo, { context: (request, reply) => Promise.resolve(contextFor(contextOf(request, reply))) });
    scope.post('/graphql', (request, reply) => currentScope.run(request.scope, () => Promise.resolve(answer.call(fastify, request, reply))));
  });
  const { routes } = options;
  if (routes !== undefined) await fastify.register(async (scope) => routes(scope));
  fastify.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => upgrade({ request, socket, head, config, state, sockets }));
  return {
    fastify,
    listen: async () => {
      await fastify.listen({ host: config.host, port: config.port });
      return { url: urlOf(config.host, fastify.server.address()) };
    },
    drain: async () => {
      state.draining = true;
      while (state.running > 0) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    },
    close: async () => {
      state.draining = true;
      // subscriptions follow work and are none: those of work that has ended get their last event, the others are cut off
      const deadline = performance.now() + LAST_EVENTS_MS;
      while (sockets.running() > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      await sockets.close();
      await fastify.close();
      await apollo.stop();
    },
  };
}

/**
 * Finds out who sends a request, and remembers it for the log.
 * @throws AppError UNAUTHENTICATED
 */
export async function authenticateRequest(request: FastifyRequest, authenticator: Authenticator): Promise<void> {
  request.scope.viewer = await authenticator.authenticate(request.headers.authorization);
}

function addHooks(fastify: FastifyInstance, options: ApiServerOptions, state: State): void {
  const { config, log } = options;
  fastify.decorateRequest('scope');
  fastify.addHook('onRequest', async (request, reply) => {
    begin(request, reply, log);
    if (!isHostAllowed(config.host, request.headers.host)) {
      throw new AppError('FORBIDDEN', 'This server listens on loopback: address it as localhost, 127.0.0.1 or [::1]');
    }
    endWhenSilent(request.raw, options.bodySilenceMs ?? BODY_SILENCE_MS, () => request.scope.log.warn('no byte of the body for too long: hung up'));
    if (HEALTH_PATHS.has(pathOf(request))) return;
    if (state.draining) {
      void reply.header('connection', 'close');
      throw new AppError('SHUTTING_DOWN', 'The server is shutting down: try again on another one, or later');
    }
    state.running++;
    reply.raw.once('close', () => state.running--);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    abandonBody(request.raw);
    const { scope } = request;
    scope.log.info(
      {
        method: request.method,
        path: pathOf(request).slice(0, PATH_CHARACTERS_MAX),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        subject: scope.viewer?.subject,
        operation: scope.operation,
      },
      'request',
    );
  });
  fastify.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  fastify.setNotFoundHandler((request, reply) => answerError(new AppError('NOT_FOUND', 'There is nothing at this address'), request, reply));
}

function begin(request: FastifyRequest, reply: FastifyReply, log: Log): void {
  request.scope = { requestId: request.id, log: log.child({ reqId: request.id }) };
  setSecurityHeaders(reply, request.id);
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { scope } = request;
  const shown = publicError(error, scope);
  if (shown.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.code(shown.status);
  if (request.method !== 'POST' || pathOf(request) !== '/graphql') void reply.send(restErrorBody(shown, scope));
  else void reply.send({ errors: [graphQLErrorBody(shown, scope)] });
}

function contextOf(request: FastifyRequest, reply: FastifyReply): ApiContext {
  const { viewer, requestId, log } = request.scope;
  assert(viewer !== undefined, 'a GraphQL request without a viewer');
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return { viewer, requestId, log, requestSignal: gone.signal };
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly config: ApiServerOptions['config'];
  readonly state: State;
  readonly sockets: SocketServer;
}

function upgrade({ request, socket, head, config, state, sockets }: Upgrade): void {
  const { host, origin } = request.headers;
  socket.on('error', () => socket.destroy());
  if (request.url?.split('?')[0] !== '/graphql') hangUp(socket, '404 Not Found');
  else if (!isHostAllowed(config.host, host) || !isOriginAllowed(origin, host)) hangUp(socket, '403 Forbidden');
  else if (state.draining || !sockets.hasRoom()) hangUp(socket, '503 Service Unavailable');
  else sockets.accept(request, socket, head);
}

/** Bytes that are no HTTP request, or one that took too long: no route, no hooks, a bare answer. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  hangUp(socket, status);
}

function hangUp(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-ID: ${requestIdOf(undefined)}\r\nX-Content-Type-Options: nosniff\r\n\r\n`);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function urlOf(host: string, address: AddressInfo | string | null): string {
  assert(typeof address === 'object' && address !== null, 'the server listens on a port');
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
