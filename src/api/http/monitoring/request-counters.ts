/**
 * Requests and errors, counted from the start of the process on. Labels are patterns and codes: few.
 */
import type { FastifyInstance } from 'fastify';
import { Counter, type Registry } from 'prom-client';
import { ERROR_STATUS } from '../../../lib/error.js';
import { type CallVia, REFUSALS } from '../../../service/command/call.js';
import type { ErrorCounts } from '../request-context.js';
import { renamedHistogram } from './renamed.js';

const SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];
/** Those of the catalogue, and GraphQL's own. */
const CODES = [...Object.keys(ERROR_STATUS), 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'];

export function countRequests(registry: Registry, fastify: FastifyInstance): void {
  const requests = new Counter({
    registers: [registry],
    name: 'ovncp_http_requests_total',
    help: 'Requests that were answered, by route and status',
    labelNames: ['method', 'route', 'status'],
  });
  const took = renamedHistogram(registry, {
    name: 'ovncp_http_request_duration_seconds',
    oldName: 'ovncp_http_request_seconds',
    help: 'Time until a request was answered',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
  });
  fastify.addHook('onResponse', async (request, reply) => {
    // the pattern, as there are few of them; what matches none is one
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none' };
    requests.inc({ ...labels, status: reply.statusCode });
    took(labels, reply.elapsedTime / 1_000);
  });
}

export function errorCounts(registry: Registry): Omit<ErrorCounts, 'notBegun'> {
  const registers = [registry];
  const ofGraphQL = new Counter({
    registers,
    name: 'ovncp_graphql_errors_total',
    help: 'Errors in answers of GraphQL, which have the status 200 as a rule, by code',
    labelNames: ['code'],
  });
  const refusals = new Counter({
    registers,
    name: 'ovncp_refusals_total',
    help: 'Calls and connections that were refused, by code',
    labelNames: ['code'],
  });
  // a rate is seen only of what has been there before
  for (const code of CODES) ofGraphQL.inc({ code }, 0);
  for (const code of REFUSALS) refusals.inc({ code }, 0);
  const refused = (code: string): void => {
    if (REFUSALS.has(code)) refusals.inc({ code });
  };
  const told = (code: string, via: CallVia): void => {
    if (via !== 'REST') ofGraphQL.inc({ code });
    refused(code);
  };
  return { told, refused };
}
