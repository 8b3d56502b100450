/**
 * GET /metrics for Prometheus, on the main listener or on one of its own. It needs no token, so it tells
 * numbers only: no name of a backup, no path that a client chose, no subject.
 *
 * What there is now (backups, bytes, connections) is looked up when it is asked for; what happened
 * (requests, backups, restores) is counted from the start of the process on.
 */

import type { RequestListener } from 'node:http';
import { fastify as createFastify, type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { AppError } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Jobs } from '../../../service/job/jobs.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import { isHostAllowed, LOOPBACK_ONLY } from '../guard/request-check.js';
import { setSecurityHeaders } from '../guard/security-headers.js';
import type { ServerCertificate } from '../guard/tls.js';
import { listenAt } from '../listen.js';
import type { ErrorCounts } from '../request-context.js';
import { measureProcess, processText } from './process-metrics.js';
import { countRequests, errorCounts } from './request-counters.js';
import { addStateGauges, gauge, type StateSources } from './state-gauges.js';
import { countBackups, countDrills, countRestores, type RestoreSteps } from './work-counters.js';

export interface MetricsSources extends StateSources {
  readonly jobs: Jobs;
  readonly restores: RestoreService;
  readonly log: Log;
}

export const METRICS_PATH = '/metrics';

export class Metrics {
  /** Told of every error that goes out. */
  readonly errors: ErrorCounts;
  private readonly registry = new Registry();
  private readonly steps: RestoreSteps;
  private readonly unsubscribe: () => void;

  /** Counts from now on, until stop(). */
  constructor(sources: MetricsSources) {
    measureProcess();
    addStateGauges(this.registry, sources);
    const backups = countBackups(this.registry, sources.jobs);
    const ends = [backups.stop, countDrills(this.registry, sources.jobs)];
    this.unsubscribe = () => {
      for (const end of ends) end();
    };
    this.steps = sources.restores.followAll();
    const restores = countRestores(this.registry, this.steps, (error) =>
      sources.log.error({ err: error }, 'restores are not counted any more'),
    );
    this.errors = {
      ...errorCounts(this.registry),
      notBegun: (...call) => {
        backups.notBegun(...call);
        restores.notBegun(...call);
      },
    };
  }

  /** Counts the requests of this server, and asks it how many sockets are open. */
  observe(fastify: FastifyInstance, openSockets: () => number): void {
    countRequests(this.registry, fastify);
    gauge(this.registry, 'ovncp_sockets', 'Open graphql-ws sockets', openSockets);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** All of it, in Prometheus' text format. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${await processText()}`;
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    await this.steps.return?.();
  }
}

/** Serves the metrics on this listener. */
export function serveMetrics(fastify: FastifyInstance, metrics: Metrics): void {
  fastify.get(METRICS_PATH, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  /** As of the main listener. */
  readonly tls?: ServerCertificate | undefined;
}

const CONNECTIONS_MAX = 50;
const REQUEST_TIMEOUT_MS = 15_000;

/** Opens a listener with the metrics and nothing else. @throws the system's error when the port is taken */
export async function listenForMetrics({ host, port, metrics, tls }: MetricsServerOptions): Promise<FastifyInstance> {
  const fastify = createFastify({
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(tls === undefined
      ? {}
      : {
          serverFactory: (handler: RequestListener) =>
            tls.createServer(handler, { requestTimeout: REQUEST_TIMEOUT_MS }),
        }),
  });
  fastify.server.maxConnections = CONNECTIONS_MAX;
  fastify.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(reply, request.id);
    if (!isHostAllowed(host, request.headers.host)) throw new AppError('FORBIDDEN', LOOPBACK_ONLY);
  });
  fastify.setErrorHandler((error, _request, reply) => {
    void reply
      .code(error instanceof AppError ? 403 : 500)
      .type('text/plain; charset=utf-8')
      .send(error instanceof AppError ? `${error.message}\n` : 'Internal error\n');
  });
  serveMetrics(fastify, metrics);
  await listenAt(fastify, { host, port, variable: 'OVNCP_METRICS_PORT' });
  return fastify;
}
