/**
 * What a request carries with it: its id, its log and who asks. GraphQL resolvers get an
 * ApiContext; code that has no context at hand (Apollo's formatError) finds the scope of the
 * request that it runs for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Viewer } from '../../auth/permission.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { AuditLines } from '../../service/audit/audit-line.js';
import type { CallVia } from '../../service/command/call.js';
import { Reach, type Whereabouts } from '../../service/command/reach.js';

export interface ApiContext {
  readonly viewer: Viewer;
  readonly requestId: string;
  readonly log: Log;
  /** Aborts when nobody waits for the answer any more; a restore under way goes on all the same. */
  readonly requestSignal: AbortSignal;
  readonly scope: RequestScope;
}

export interface ErrorCounts {
  /** An error goes out with this code. */
  told(code: string, via: CallVia): void;
  /** A connection is refused with this code, without an answer of its own. */
  refused(code: string): void;
  /** A call ends with this code before there is any record of what it asks for. */
  notBegun(action: string, code: string, isDryRun: boolean): void;
}

export interface RequestScope {
  readonly requestId: string;
  readonly log: Log;
  /** Where the request comes from, see addressOf. */
  readonly address: string;
  readonly via: CallVia;
  /** The trail, where one is kept. */
  readonly audit: AuditLines | undefined;
  /** What is of which database, where that is known. */
  readonly where: Whereabouts | undefined;
  /** Left out: nobody counts. */
  readonly errorCounts?: ErrorCounts | undefined;
  viewer?: Viewer;
  /** What stands beside the error in the body of a failed REST request. */
  beside?: Readonly<Record<string, unknown>>;
  /** Name of the GraphQL operation, for the access log. */
  operation?: string;
  /** Code of the error that it ends with. */
  outcome?: string;
  /** Lines of the audit trail that it has, if any. */
  auditLines?: number;
}

/** What of which databases whoever asks may see. */
export function reachOf({ viewer, scope: { where } }: Pick<ApiContext, 'viewer' | 'scope'>): Reach {
  return new Reach(viewer, where);
}

export const currentScope = new AsyncLocalStorage<RequestScope>();

/** Why what was asked for is given up: nobody waits for its answer any more. */
export function clientWentAway(): AppError {
  return new AppError('CANCELLED', 'The client went away');
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The id of a request: the client's own where it is sane, else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && SANE_REQUEST_ID.test(header) ? header : randomUUID();
}

/** An operation's name as it may stand in the log. */
export function sanitisedOperationName(name: string | null | undefined): string {
  return typeof name === 'string' && name !== '' ? name.replaceAll(/\W/g, '_').slice(0, 64) : 'anonymous';
}
