/**
 * A socket and its token: who opened it, what runs on it, and when it closes because its token is not valid any more.
 *
 * A token ends at a time of the wall clock, which somebody may set. A socket closes when the time that was left to its
 * token has passed, whatever the wall clock says by then; and, at the next look, when the wall clock says that the
 * token has expired, however short the time. So neither a clock that is set back nor one that is set forward keeps it
 * open.
 */

import type { Context } from 'graphql-ws';
import { CloseCode } from 'graphql-ws';
import type { Authenticator } from '../../../auth/authenticator.js';
import { mayDoTheSame, type Viewer } from '../../../auth/permission.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import type { AuditLines } from '../../../service/audit/audit-line.js';
import type { RateLimits } from '../../http/guard/rate-limit.js';
import type { ErrorCounts, RequestScope } from '../../http/request-context.js';
import type { UnderWay } from '../../http/under-way.js';

/** One token must not take all of them. */
const SOCKETS_PER_TOKEN_MAX = 250;
/** Sockets that have not said whose they are: half of all places. */
const NAMELESS_MAX = 250;
/** Of RFC 6455's registry: clients may come back, in contrast to 4401. */
const TRY_AGAIN_LATER = 1013;
const CLOSE_REASON_BYTES_MAX = 120;
const NO_TOKEN = 'No token: send {"Authorization": "Bearer <token>"} as the payload of connection_init';
const EXPIRED = 'The token has expired';

export interface RunningOperation {
  readonly scope: RequestScope;
  readonly startedAt: number;
  readonly gone: AbortController;
}

/** What one socket carries. */
export interface Session {
  readonly close: (code: number, reason: string) => void;
  /** Without taking leave. */
  readonly hangUp: () => void;
  readonly operations: Map<string, RunningOperation>;
  /** Those of all sockets. */
  readonly running: UnderWay<RunningOperation>;
  readonly address: string;
  /** What counts as one address. */
  readonly network: string;
  authorization?: string;
  /** Once the token was found valid. */
  viewer?: Viewer;
  /** Calls off its end with its token. */
  callOffExpiry?: () => void;
}

export type SocketContext = Context<Record<string, unknown>, Session>;

export interface SessionOptions {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly clock: Clock;
  readonly audit?: AuditLines | undefined;
  readonly errorCounts?: ErrorCounts | undefined;
}

/** Finds out whose socket it is, or closes it. @returns whether it stays open */
export async function admit(
  { extra, connectionParams }: SocketContext,
  { authenticator, rateLimits, clock, audit, errorCounts }: SessionOptions,
  sessions: ReadonlySet<Session>,
): Promise<boolean> {
  try {
    const authorization = authorizationOf(connectionParams);
    const viewer = await rateLimits.identify({ authenticator, authorization, address: extra.address });
    const { subject, expiresAtMs } = viewer;
    if (countWhere(sessions, (session) => session.viewer?.subject === subject) >= SOCKETS_PER_TOKEN_MAX) {
      throw new AppError('RATE_LIMITED', `Your token has ${SOCKETS_PER_TOKEN_MAX} sockets open: close some`);
    }
    extra.viewer = viewer;
    if (authorization !== undefined) extra.authorization = authorization;
    // a client that went away meanwhile needs no end
    if (expiresAtMs !== undefined && sessions.has(extra))
      extra.callOffExpiry = clock.alarm(expiresAtMs - clock.now(), () => extra.close(CloseCode.Unauthorized, EXPIRED), {
        keepsAlive: false,
      });
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    errorCounts?.refused(error.code);
    if (error.code === 'RATE_LIMITED')
      void audit?.record({ action: 'connect', address: extra.address, via: 'SOCKET', result: error.code });
    const isNameless = error.code === 'UNAUTHENTICATED' && authorizationOf(connectionParams) === undefined;
    extra.close(
      error.code === 'UNAUTHENTICATED' ? CloseCode.Unauthorized : TRY_AGAIN_LATER,
      (isNameless ? NO_TOKEN : error.message).slice(0, CLOSE_REASON_BYTES_MAX),
    );
    return false;
  }
}

/** Closes the socket when its token is not valid any more, or allows something else than when it was opened. */
export async function recheck(session: Session, { authenticator, clock }: SessionOptions): Promise<void> {
  const { viewer } = session;
  if (viewer === undefined) return;
  if (viewer.expiresAtMs !== undefined && viewer.expiresAtMs <= clock.now()) {
    session.close(CloseCode.Unauthorized, EXPIRED);
    return;
  }
  try {
    const now = await authenticator.authenticate(session.authorization);
    if (!mayDoTheSame(now, viewer))
      session.close(CloseCode.Unauthorized, 'The token allows something else now: connect again');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // a key set that is out of reach says nothing about the token
    if (error.code === 'UNAUTHENTICATED')
      session.close(CloseCode.Unauthorized, error.message.slice(0, CLOSE_REASON_BYTES_MAX));
  }
}

/**
 * Of too many sockets that have not said whose they are, hangs up on the one that has been silent for longest, of the
 * address that has most of them: whoever says it at once keeps his place.
 */
export function hangUpOnNameless(sessions: ReadonlySet<Session>): void {
  const nameless = [...sessions].filter(({ viewer }) => viewer === undefined);
  if (nameless.length <= NAMELESS_MAX) return;
  const counts = new Map<string, number>();
  for (const { network } of nameless) counts.set(network, (counts.get(network) ?? 0) + 1);
  const most = Math.max(...counts.values());
  nameless.find(({ network }) => counts.get(network) === most)?.hangUp();
}

export function countWhere(sessions: ReadonlySet<Session>, isCounted: (session: Session) => boolean): number {
  let count = 0;
  for (const session of sessions) if (isCounted(session)) count++;
  return count;
}

/**
 * Browsers cannot set headers on a socket, so the header comes as connection_init payload, in any of its usual
 * spellings.
 */
function authorizationOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (params === undefined) return undefined;
  const key = Object.keys(params).find((name) => name.toLowerCase() === 'authorization');
  const value = key === undefined ? undefined : params[key];
  if (typeof value === 'string') return value;
  const headers = params['headers'];
  return typeof headers === 'object' && headers !== null && !('headers' in headers)
    ? authorizationOf(headers as Record<string, unknown>)
    : undefined;
}
