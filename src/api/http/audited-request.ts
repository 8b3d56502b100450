/**
 * What of the calls goes into the audit trail: every call that changes something, however it ends, and every one that
 * is refused, a line each, written before the answer goes out. GraphQL's fields are watched in
 * graphql/audited-field.ts; here is the rest: REST, and what is refused before anything runs.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditEvent, AuditTarget, AuditVia } from '../../service/audit/audit-line.js';
import { pathOf } from './guard/request-check.js';
import type { RequestScope } from './request-context.js';
import { isMultipart } from './upload/upload.js';

/** What the API needs of the trail. */
export interface Audit {
  /** Resolves when the line is durable, or could not be written. */
  record(event: AuditEvent): Promise<void>;
  /** @throws AppError STORE_FULL, STORE_UNAVAILABLE while lines cannot be written */
  admit(): Promise<void>;
}

export interface AuditedCall {
  readonly action: string;
  readonly target?: AuditTarget | undefined;
  readonly result: string;
}

/** An answer with one of these is a refusal, whatever was asked for. */
export const REFUSALS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED']);
/**
 * Goes on while the trail cannot be written: what changes nothing, what stops something, and what frees the space that
 * the trail may lack. Its lines are kept in memory meanwhile.
 */
const NEVER_HELD_UP: ReadonlySet<string> = new Set(['validateBackup', 'cancelRestore', 'deleteBackup']);
/** The action of a GraphQL request whose operation is not known. */
export const UNKNOWN_OPERATION = 'graphql';

/**
 * Refuses what would change something while the trail cannot be written.
 * @throws AppError STORE_FULL, STORE_UNAVAILABLE
 */
export async function admitAudited(audit: Audit, action: string): Promise<void> {
  if (!NEVER_HELD_UP.has(action)) await audit.admit();
}

/** Writes the line of a call. */
export async function recordCall(
  audit: Audit,
  scope: RequestScope,
  { action, target, result }: AuditedCall,
): Promise<void> {
  scope.auditLines = (scope.auditLines ?? 0) + 1;
  const { viewer, address, via, requestId } = scope;
  await audit.record({ subject: viewer?.subject, action, target, address, via, result, requestId });
}

/** Has the trail follow every request; of routes with a config of their own, `audit` is the action. */
export function auditRequests(fastify: FastifyInstance, audit: Audit): void {
  fastify.addHook('preHandler', async (request) => {
    const action = actionOf(request);
    if (action !== undefined) await admitAudited(audit, action);
  });
  fastify.addHook('onSend', async (request, reply) => {
    const { scope } = request;
    if (scope.auditLines !== undefined) return;
    const action = actionOf(request);
    const result = scope.outcome ?? (reply.statusCode < 400 ? 'OK' : `HTTP_${reply.statusCode}`);
    if (action !== undefined) await recordCall(audit, scope, { action, target: targetOf(request, action), result });
    else if (REFUSALS.has(result) || isLostUpload(request))
      await recordCall(audit, scope, {
        action: scope.via === 'GRAPHQL' ? UNKNOWN_OPERATION : `${request.method} ${request.routeOptions.url ?? '*'}`,
        result,
      });
  });
}

/** How a request comes in. */
export function viaOf({ method, url }: { readonly method: string; readonly url: string }): AuditVia {
  return method === 'POST' && pathOf(url) === '/graphql' ? 'GRAPHQL' : 'REST';
}

function actionOf({ routeOptions }: FastifyRequest): string | undefined {
  // where no route was found there is no config either
  return (routeOptions.config as { readonly audit?: string } | undefined)?.audit;
}

/** A form is sent to GraphQL for an import and nothing else: one that no operation came of was to change something. */
function isLostUpload(request: FastifyRequest): boolean {
  const { via, outcome } = request.scope;
  return via === 'GRAPHQL' && outcome !== undefined && isMultipart(request);
}

/** What the route says, and what its address and its body ask for. */
function targetOf({ scope, params, body, routeOptions }: FastifyRequest, action: string): AuditTarget {
  const { id } = (params ?? {}) as { readonly id?: string };
  const asked =
    scope.via === 'REST' && typeof body === 'object' && body !== null && !(body instanceof Uint8Array)
      ? (body as Readonly<Record<string, unknown>>)
      : {};
  const given = (member: string): string | undefined => (typeof asked[member] === 'string' ? asked[member] : undefined);
  const isRestore = routeOptions.url?.includes('/restores/') === true;
  const { restoreId = isRestore ? id : undefined, ...rest } = scope.target ?? {};
  const undoOf = action === 'undoRestore' ? id : undefined;
  return {
    backupId: isRestore ? undefined : (id ?? given('backup_id')),
    name: given('name'),
    database: given('database'),
    dryRun: asked['dry_run'] === true,
    undoOf,
    ...rest,
    restoreId: restoreId === undoOf ? undefined : restoreId,
  };
}
