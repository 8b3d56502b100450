/**
 * What of the calls goes into the audit trail: every call that changes something, however it ends, every one that takes
 * content away, and every one that is refused, a line each, written before the answer goes out. A command that runs
 * writes its own line (service/command/perform.ts); here is what is refused or fails before one runs.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AuditedReading, type CallTarget, type CallVia, REFUSALS } from '../../service/command/call.js';
import type { CallLine } from '../../service/command/perform.js';
import { pathOf } from './guard/request-check.js';
import type { RequestScope } from './request-context.js';
import { isMultipart } from './upload/upload.js';

/** A route that asks for a command which has a line in the trail. */
export interface AuditedRoute {
  readonly action: string;
  /** Of a command that only reads. */
  readonly reading?: AuditedReading | undefined;
  /** What a request asks for that may not have passed any check. */
  readonly target: (request: FastifyRequest) => CallTarget;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    audit?: AuditedRoute;
  }
}

/** The action of a GraphQL request whose operation is not known. */
export const UNKNOWN_OPERATION = 'graphql';

/** Writes the line of a call. */
export async function recordCall(scope: RequestScope, { hasBegun = false, ...line }: CallLine): Promise<void> {
  if (!hasBegun) scope.errorCounts?.notBegun(line.action, line.result, line.target?.dryRun === true);
  scope.auditLines = (scope.auditLines ?? 0) + 1;
  const { viewer, address, via, requestId, audit } = scope;
  await audit?.record({ ...line, subject: viewer?.subject, address, via, requestId });
}

/** Has the trail follow every request. */
export function auditRequests(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply) => {
    const { scope } = request;
    if (scope.auditLines !== undefined) return;
    const route = auditedRoute(request);
    const audited =
      route?.reading === undefined || scope.audit?.keepsReading(route.reading) === true ? route : undefined;
    const result = scope.outcome ?? (reply.statusCode < 400 ? 'OK' : `HTTP_${reply.statusCode}`);
    if (audited !== undefined)
      await recordCall(scope, { action: audited.action, target: audited.target(request), result });
    else if (REFUSALS.has(result) || isLostUpload(request))
      await recordCall(scope, {
        action: scope.via === 'GRAPHQL' ? UNKNOWN_OPERATION : `${request.method} ${request.routeOptions.url ?? '*'}`,
        result,
      });
  });
}

/** How a request comes in. */
export function viaOf({ method, url }: { readonly method: string; readonly url: string }): CallVia {
  return method === 'POST' && pathOf(url) === '/graphql' ? 'GRAPHQL' : 'REST';
}

function auditedRoute({ routeOptions }: FastifyRequest): AuditedRoute | undefined {
  // where no route was found there is no config either
  return (routeOptions.config as { readonly audit?: AuditedRoute } | undefined)?.audit;
}

/** A form is sent to GraphQL for an import and nothing else: one that no operation came of was to change something. */
function isLostUpload(request: FastifyRequest): boolean {
  const { via, outcome } = request.scope;
  return via === 'GRAPHQL' && outcome !== undefined && isMultipart(request);
}
