/**
 * The one listener: GraphQL by POST and graphql-ws at /graphql, pages for browsers, health, metrics, and
 * whatever routes app.ts adds.
 *
 * Order of a request: id and headers, origin, framing, limit of its address, Host check, draining check,
 * token and its limit (before a byte of the body is read), body with its limits, operation.
 */
import type { AddressInfo } from 'node:net';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Authenticator } from '../auth/authenticator.js';
import { assert } from '../lib/assert.js';
import { within } from '../lib/clock.js';
import { sharedController } from '../lib/joined-signal.js';
import { permit } from '../service/command/command.js';
import { importBackup } from '../service/transfer/import-command.js';
import { auditRefusals } from './graphql/server/audited-operation.js';
import { createApollo } from './graphql/server/graphql-server.js';
import { checkContentType, checkOperationBody, readJson } from './graphql/server/operation-body.js';
import type { SocketServer } from './graphql/server/socket.js';
import { createSocketServer } from './graphql/server/socket.js';
import { auditRequests } from './http/audited-request.js';
import { authenticateRequest } from './http/authenticated-request.js';
import { limitBodies } from './http/guard/body-limit.js';
import { trustIn } from './http/guard/client-address.js';
import { allowOrigins } from './http/guard/cors.js';
import { RateLimits, type Rates } from './http/guard/rate-limit.js';
import { RefusedOrigins, refuseOrigins } from './http/guard/refused-origins.js';
import { isLoopback } from './http/guard/request-check.js';
import { listenAt } from './http/listen.js';
import { addHooks, createListener, type ListenerOptions, type ListenerState } from './http/listener.js';
import type { Readiness } from './http/monitoring/health.js';
import { healthRoutes } from './http/monitoring/health.js';
import { listenForMetrics, type Metrics, serveMetrics } from './http/monitoring/metrics.js';
import { serveHome } from './http/page/home-page.js';
import { type IdePage, serveIde } from './http/page/ide-page.js';
import type { ApiContext } from './http/request-context.js';
import { clientWentAway, currentScope } from './http/request-context.js';
import { UnderWay } from './http/under-way.js';
import { acceptUploads, checkMultipartHeaders, isMultipart } from './http/upload/upload.js';
import { serveApiDocs } from './rest/openapi/docs-page.js';
import { serveUpgrades } from './upgrade.js';

/** Where the server listens, what it shows, and its limits. */
export interface ApiServerConfig {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Where /metrics is served instead of `port`; 0 means nowhere. */
  readonly metricsPort?: number;
  readonly introspection: boolean;
  readonly bodyBytesMax: number;
  readonly uploadBytesMax: number;
  readonly traffic: TrafficLimits;
}

export interface TrafficLimits extends Rates {
  readonly connectionsMax: number;
  readonly socketsPerAddressMax: number;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins of web pages that may use the API besides our own. */
  readonly corsOrigins: readonly string[];
}

export interface ApiServerOptions extends ListenerOptions {
  readonly config: ApiServerConfig;
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly ready: () => Promise<Readiness> | Readiness;
  /** Folder of the built IDE. */
  readonly idePath: string;
  /** Default: the one whose tabs change nothing. */
  readonly idePage?: IdePage | undefined;
  /** Folder of the documents. */
  readonly docsPath: string;
  /** Of this program. */
  readonly version: string;
  /** Further routes, in a scope of their own; they authenticate with authenticateRequest. */
  readonly routes?: (fastify: FastifyInstance) => void | Promise<void>;
  /** Of all bodies in memory together; left out: see body-limit.ts. */
  readonly bodiesBytesMax?: number;
  /** Served at /metrics, unless metricsPort is set. */
  readonly metrics?: Metrics | undefined;
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

/** For subscriptions to deliver what they have when the server closes. */
const LAST_EVENTS_MS = 500;

export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { config, schema, clock, log, audit, where, metrics, authenticator } = options;
  const { traffic, introspection } = config;
  const state: ListenerState = { draining: false, running: new UnderWay() };
  const isDraining = (): boolean => state.draining;
  const trust = trustIn(traffic.trustedProxies);
  const fastify = createListener(options, trust);
  const rateLimits = await RateLimits.of(fastify, traffic, clock);
  fastify.decorate('rateLimits', rateLimits);
  const apollo = createApollo({ schema, introspection, log });
  if (audit !== undefined) auditRefusals(schema);
  await apollo.start();
  const sockets = createSocketServer({
    schema,
    introspection,
    authenticator,
    isDraining,
    clock,
    log,
    audit,
    where,
    errorCounts: metrics?.errors,
    rateLimits,
    socketsPerAddressMax: traffic.socketsPerAddressMax,
  });
  await allowOrigins(fastify, traffic.corsOrigins);
  const refusedOrigins = new RefusedOrigins({ allowed: traffic.corsOrigins, clock });
  refuseOrigins(fastify, refusedOrigins);
  addHooks(fastify, options, state);
  limitBodies(fastify, { bodyBytesMax: config.bodyBytesMax, inAllBytesMax: options.bodiesBytesMax });
  if (audit !== undefined) auditRequests(fastify);
  metrics?.observe(fastify, () => sockets.open());
  await servePages(fastify, options, isDraining);
  await serveGraphQL(fastify, options, apollo);
  const { routes } = options;
  if (routes !== undefined) await fastify.register(async (scope) => routes(scope));
  const { host } = config;
  serveUpgrades(fastify.server, {
    host,
    refusedOrigins,
    isDraining,
    sockets,
    rateLimits,
    trust,
    log,
    audit,
    errorCounts: metrics?.errors,
  });
  return new RunningServer(fastify, options, { state, sockets, apollo });
}

/** What needs no token: health, metrics, and the pages for browsers. */
async function servePages(
  fastify: FastifyInstance,
  { config, metrics, ready, idePath, idePage = 'index.html', docsPath, version }: ApiServerOptions,
  isDraining: () => boolean,
): Promise<void> {
  const hasMetrics = metrics !== undefined && config.metricsPort === undefined;
  if (hasMetrics) serveMetrics(fastify, metrics);
  healthRoutes(fastify, { ready, isDraining });
  await serveHome(fastify, { version, docsPath, hasMetrics });
  await serveIde(fastify, idePath, idePage);
  await serveApiDocs(fastify);
}

/** Operations by POST. */
async function serveGraphQL(
  fastify: FastifyInstance,
  { config, authenticator }: ApiServerOptions,
  apollo: ApolloServer<ApiContext>,
): Promise<void> {
  await fastify.register(async (scope) => {
    scope.addHook('onRequest', async (request) => {
      await authenticateRequest(request, authenticator);
      checkContentType(request);
      if (!isMultipart(request)) return;
      checkMultipartHeaders(request, config.uploadBytesMax);
      const { viewer } = request.scope;
      assert(viewer !== undefined, 'an authenticated request without a viewer');
      // nothing else takes a form
      permit(importBackup, viewer);
    });
    readJson(scope);
    acceptUploads(scope);
    scope.addHook('preHandler', async ({ body }) => checkOperationBody(body));
    const answer = fastifyApolloHandler(apollo, {
      context: (request, reply) => Promise.resolve(contextOf(request, reply)),
    });
    scope.post('/graphql', (request, reply) =>
      currentScope.run(request.scope, () => Promise.resolve(answer.call(fastify, request, reply))),
    );
  });
}

interface RunningParts {
  readonly state: ListenerState;
  readonly sockets: SocketServer;
  readonly apollo: ApolloServer<ApiContext>;
}

class RunningServer implements ApiServer {
  private metricsListener: FastifyInstance | undefined;

  constructor(
    readonly fastify: FastifyInstance,
    private readonly options: ApiServerOptions,
    private readonly parts: RunningParts,
  ) {}

  async listen(): Promise<{ url: string }> {
    const { config, metrics, tls, log } = this.options;
    const { host, port, metricsPort = 0 } = config;
    if (metrics !== undefined && metricsPort !== 0)
      this.metricsListener = await listenForMetrics({ host, port: metricsPort, metrics, tls });
    try {
      await listenAt(this.fastify, { host, port, variable: 'PORT' });
    } catch (error) {
      await this.metricsListener?.close();
      throw error;
    }
    if (tls === undefined && !isLoopback(host))
      log.warn(
        { host },
        'listening beyond loopback without TLS: tokens and keys can be read on the way, unless a proxy in front ' +
          'speaks TLS',
      );
    return { url: `${tls === undefined ? 'http' : 'https'}://${authorityOf(host, this.fastify.server.address())}` };
  }

  async drain(): Promise<void> {
    const { state } = this.parts;
    state.draining = true;
    await state.running.none();
  }

  async close(): Promise<void> {
    const { state, sockets, apollo } = this.parts;
    state.draining = true;
    // subscriptions follow work and are none: those of work that has ended get their last event, the others are cut
    // off
    await within(this.options.clock, LAST_EVENTS_MS, sockets.idle());
    await sockets.close();
    await Promise.all([this.fastify.close(), this.metricsListener?.close()]);
    await apollo.stop();
  }
}

function contextOf(request: FastifyRequest, reply: FastifyReply): ApiContext {
  const { scope } = request;
  const { viewer, requestId, log } = scope;
  assert(viewer !== undefined, 'a GraphQL request without a viewer');
  const gone = sharedController();
  reply.raw.once('close', () => gone.abort(clientWentAway()));
  return { viewer, requestId, log, requestSignal: gone.signal, scope };
}

function authorityOf(host: string, address: AddressInfo | string | null): string {
  assert(typeof address === 'object' && address !== null, 'the server listens on a port');
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
