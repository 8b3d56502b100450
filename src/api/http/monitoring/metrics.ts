/**
 * GET /metrics for Prometheus, on the main listener or on one of its own. It needs no token, so it tells
 * numbers only: no name of a backup, no path that a client chose, no subject.
 *
 * What there is now (backups, bytes, connections) is looked up when it is asked for; what happened
 * (requests, backups, restores) is counted from the start of the process on.
 */

import type { RequestListener } from 'node:http';
import { fastify as createFastify, type FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { AppError } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import type { Databases } from '../../../service/database/database.js';
import type { Jobs } from '../../../service/job/jobs.js';
import type { RunningWork } from '../../../service/job/running-work.js';
import type { RestoreStep } from '../../../service/restore/record/restore-registry.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import { isHostAllowed } from '../guard/request-check.js';
import { setSecurityHeaders } from '../guard/security-headers.js';
import type { ServerCertificate } from '../guard/tls.js';
import { listenAt } from '../listen.js';

export interface MetricsSources {
  readonly catalog: Catalog;
  readonly databases: Databases;
  readonly jobs: Jobs;
  readonly restores: RestoreService;
  readonly work: RunningWork;
  readonly log: Log;
}

export const METRICS_PATH = '/metrics';

const REQUEST_SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];
const RESTORE_SECONDS = [0.05, 0.2, 1, 5, 20, 60, 300, 1_200];
/** A restore is labelled with its policy; an undo has none of its own. */
const POLICIES = ['skip', 'overwrite', 'rename', 'error', 'undo'] as const;
const RESULTS = ['succeeded', 'failed', 'cancelled', 'undone'] as const;

/** Of Node.js and the process. There is one process, however many servers run in it. */
let processMetrics: Registry | undefined;

export class Metrics {
  private readonly registry = new Registry();
  private readonly steps: ReturnType<RestoreService['followAll']>;
  private readonly unsubscribe: () => void;

  /** Counts from now on, until stop(). */
  constructor(sources: MetricsSources) {
    addGauges(this.registry, sources);
    this.unsubscribe = countBackups(this.registry, sources.jobs);
    this.steps = sources.restores.followAll();
    countRestores(this.registry, this.steps).catch((error: unknown) =>
      sources.log.error({ err: error }, 'restores are not counted any more'),
    );
  }

  /** Counts the requests of this server, and asks it how many sockets are open. */
  observe(fastify: FastifyInstance, openSockets: () => number): void {
    const registers = [this.registry];
    const requests = new Counter({
      registers,
      name: 'ovncp_http_requests_total',
      help: 'Requests that were answered, by route and status',
      labelNames: ['method', 'route', 'status'],
    });
    const seconds = new Histogram({
      registers,
      name: 'ovncp_http_request_seconds',
      help: 'Time until a request was answered',
      labelNames: ['method', 'route'],
      buckets: REQUEST_SECONDS,
    });
    gauge(this.registry, 'ovncp_sockets', 'Open graphql-ws sockets', openSockets);
    fastify.addHook('onResponse', async (request, reply) => {
      // the pattern, as there are few of them; what matches none is one
      const labels = { method: request.method, route: request.routeOptions.url ?? 'none' };
      requests.inc({ ...labels, status: reply.statusCode });
      seconds.observe(labels, reply.elapsedTime / 1_000);
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** All of it, in Prometheus' text format. */
  async text(): Promise<string> {
    if (processMetrics === undefined) {
      processMetrics = new Registry();
      collectDefaultMetrics({ register: processMetrics });
    }
    return `${await this.registry.metrics()}\n${await processMetrics.metrics()}`;
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
    if (!isHostAllowed(host, request.headers.host))
      throw new AppError('FORBIDDEN', 'This server listens on loopback: address it as localhost, 127.0.0.1 or [::1]');
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

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    registers: [registry],
    name,
    help,
    collect() {
      this.set(value());
    },
  });
}

function addGauges(registry: Registry, { catalog, databases, work }: MetricsSources): void {
  const registers = [registry];
  gauge(registry, 'ovncp_backups', 'Backups that are listed', () => catalog.all({}).length);
  gauge(registry, 'ovncp_backup_bytes', 'Bytes of the stored backups', () =>
    catalog.all({}).reduce((sum, { size }) => sum + size, 0),
  );
  gauge(
    registry,
    'ovncp_work_running',
    'Backups, restores, imports, validations and deletions under way',
    () => work.count,
  );
  new Gauge({
    registers,
    name: 'ovncp_work_waiting',
    help: 'Heavy work that waits for its turn',
    labelNames: ['needs'],
    collect() {
      const { database, store } = work.waitingCounts;
      this.set({ needs: 'database' }, database);
      this.set({ needs: 'store' }, store);
    },
  });
  new Gauge({
    registers,
    name: 'ovncp_last_backup_timestamp_seconds',
    help: 'When the newest backup that was made here began; 0 while there is none',
    labelNames: ['database'],
    collect() {
      for (const { id } of databases.list()) {
        const newest = catalog.all({ database: id }).find(({ origin }) => origin === 'CAPTURED');
        this.set({ database: id }, newest === undefined ? 0 : Date.parse(newest.createdAt) / 1_000);
      }
    },
  });
  new Gauge({
    registers,
    name: 'ovncp_database_connected',
    help: '1 while the database can be reached',
    labelNames: ['database'],
    collect() {
      for (const { id, status } of databases.list()) this.set({ database: id }, status.connected ? 1 : 0);
    },
  });
}

function countBackups(registry: Registry, jobs: Jobs): () => void {
  const registers = [registry];
  const created = new Counter({ registers, name: 'ovncp_backups_created_total', help: 'Backups that were made' });
  const failed = new Counter({
    registers,
    name: 'ovncp_backups_failed_total',
    help: 'Backups that were begun and not made',
  });
  return jobs.onEnd(({ kind, phase }) => {
    if (kind === 'BACKUP') (phase === 'SUCCEEDED' ? created : failed).inc();
  });
}

/** Returns when following ends. */
async function countRestores(registry: Registry, steps: Metrics['steps']): Promise<void> {
  const registers = [registry];
  const total = new Counter({
    registers,
    name: 'ovncp_restores_total',
    help: 'Restores that have ended; "undone" while they awaited their confirmation',
    labelNames: ['result', 'policy', 'dry_run'],
  });
  const seconds = new Histogram({
    registers,
    name: 'ovncp_restore_seconds',
    help: 'Time that a restore took, without waiting for others',
    labelNames: ['dry_run'],
    buckets: RESTORE_SECONDS,
  });
  // a rate is seen only of what has been there before
  for (const result of ['succeeded', 'failed'])
    for (const policy of POLICIES)
      for (const isDry of ['true', 'false']) total.inc({ result, policy, dry_run: isDry }, 0);
  for await (const step of steps) {
    const ended = endOf(step);
    if (ended === undefined) continue;
    total.inc({ result: ended.result, policy: ended.policy, dry_run: ended.isDry });
    if (ended.seconds !== undefined) seconds.observe({ dry_run: ended.isDry }, ended.seconds);
  }
}

interface Ended {
  readonly result: string;
  readonly policy: string;
  readonly isDry: string;
  /** Undefined when it was never begun. */
  readonly seconds: number | undefined;
}

/** The record may be further on than the step. */
function endOf({ restore: { record }, progress }: RestoreStep): Ended | undefined {
  const result = RESULTS.find((name) => name === progress.phase.toLowerCase());
  if (result === undefined) return undefined;
  const took = record.result?.processingTime;
  return {
    result,
    policy: record.source.kind === 'BACKUP' ? record.source.conflictPolicy.toLowerCase() : 'undo',
    isDry: String(record.dryRun),
    // as the record has it: "1.234s"
    seconds: took === undefined || result === 'cancelled' ? undefined : Number.parseFloat(took),
  };
}
