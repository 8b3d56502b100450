/** /healthz: the process runs. /readyz: it can work, or why it cannot. Neither needs a token. */
import type { FastifyInstance } from 'fastify';

/** What readiness depends on: "ok", or in a sentence what is wrong. */
export interface Readiness {
  /** By id. One that is away takes nothing from the others. */
  readonly databases: ReadonlyMap<string, string>;
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
    const { databases, store } = await ready();
    const database = databaseCheck(databases);
    const status = isDraining() ? 'shutting down' : database === 'ok' && store === 'ok' ? 'ok' : 'not ready';
    return reply.code(status === 'ok' ? 200 : 503).send({
      status,
      database,
      ...(databases.size > 1 ? { databases: Object.fromEntries(databases) } : {}),
      store,
    });
  });
}

/** Of several, one that answers is enough: there is work for this server. */
function databaseCheck(databases: ReadonlyMap<string, string>): string {
  const answers = [...databases];
  if (answers.some(([, answer]) => answer === 'ok')) return 'ok';
  return answers.map(([id, answer]) => (answers.length === 1 ? answer : `${id}: ${answer}`)).join('; ');
}
