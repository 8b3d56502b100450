/** /healthz: the process runs. /readyz: it can work, or why it cannot. Neither needs a token. */
import type { FastifyInstance } from 'fastify';

/** What readiness depends on: "ok", or in a sentence what is wrong. */
export interface Readiness {
  readonly database: string;
  readonly store: string;
}

/** What watches the server is answered also while it is shutting down. */
export const HEALTH_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

export interface HealthOptions {
  readonly ready: () => Promise<Readiness> | Readiness;
  readonly isDraining: () => boolean;
}

export function healthRoutes(fastify: FastifyInstance, { ready, isDraining }: HealthOptions): void {
  fastify.get('/healthz', () => ({ status: 'ok' }));
  fastify.get('/readyz', async (_request, reply) => {
    const checks = await ready();
    const status = isDraining()
      ? 'shutting down'
      : checks.database === 'ok' && checks.store === 'ok'
        ? 'ok'
        : 'not ready';
    return reply.code(status === 'ok' ? 200 : 503).send({ status, database: checks.database, store: checks.store });
  });
}
