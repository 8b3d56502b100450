/** An operation on a socket: the checks that it passes before it runs, and its errors as they go out. */

import type { DocumentNode, ExecutionArgs, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { GraphQLError, getOperationAST, parse, validate } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { Authenticator } from '../../../auth/authenticator.js';
import { assert } from '../../../lib/assert.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError, messageOf } from '../../../lib/error.js';
import { sharedController } from '../../../lib/joined-signal.js';
import type { Log } from '../../../lib/log.js';
import type { AuditLines } from '../../../service/audit/audit-line.js';
import type { Whereabouts } from '../../../service/command/reach.js';
import { formatGraphQLError } from '../../http/error-answer.js';
import type { Telling } from '../../http/graphql-fault.js';
import type { RateLimits } from '../../http/guard/rate-limit.js';
import type { ApiContext, ErrorCounts, RequestScope } from '../../http/request-context.js';
import { clientWentAway, requestIdOf, sanitisedOperationName } from '../../http/request-context.js';
import { checkOperation, TOKENS_MAX } from './limits.js';
import type { RunningOperation, Session, SocketContext } from './socket-session.js';

const OPERATIONS_MAX = 50;

export interface OperationOptions {
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly rateLimits: RateLimits;
  readonly audit?: AuditLines | undefined;
  readonly where?: Whereabouts | undefined;
  readonly errorCounts?: ErrorCounts | undefined;
}

/** Notes that an operation runs on this socket. */
export function begin(
  session: Session,
  id: string,
  { log, clock, audit, where, errorCounts }: OperationOptions,
): RunningOperation {
  const requestId = requestIdOf(undefined);
  const scope: RequestScope = {
    requestId,
    log: log.child({ reqId: requestId }),
    address: session.address,
    via: 'SOCKET',
    audit,
    where,
    errorCounts,
  };
  const operation = { scope, startedAt: clock.monotonic(), gone: sharedController() };
  session.operations.set(id, operation);
  session.running.begin(operation);
  return operation;
}

interface Preparation {
  readonly context: SocketContext;
  readonly payload: SubscribePayload;
  readonly operation: RunningOperation;
  readonly rules: Parameters<typeof validate>[2];
  readonly options: OperationOptions;
}

/** What an operation runs with, or what is wrong with it. @throws AppError, GraphQLError */
export async function prepare({
  context,
  payload,
  operation,
  rules,
  options,
}: Preparation): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { schema } = options;
  const { operations, authorization, address } = context.extra;
  if (options.isDraining())
    throw new AppError('SHUTTING_DOWN', 'The server is shutting down: try again on another one, or later');
  if (operations.size > OPERATIONS_MAX)
    throw new AppError('TOO_LARGE', `More than ${OPERATIONS_MAX} operations on one socket: open another one`);
  const viewer = await options.rateLimits.admit({ authenticator: options.authenticator, authorization, address });
  operation.scope.viewer = viewer;
  const document = parsed(payload.query);
  const faults = validate(schema, document, rules);
  if (faults.length > 0) return faults.map((fault) => coded(fault, 'GRAPHQL_VALIDATION_FAILED'));
  const chosen = getOperationAST(document, payload.operationName);
  if (chosen === null || chosen === undefined) throw notChosen(payload.operationName);
  operation.scope.operation = sanitisedOperationName(chosen.name?.value);
  const variables = payload.variables ?? {};
  checkOperation({ schema, document, operation: chosen, variables });
  const { scope } = operation;
  const { requestId, log } = scope;
  const contextValue: ApiContext = { viewer, requestId, log, requestSignal: operation.gone.signal, scope };
  return { schema, document, operationName: payload.operationName, variableValues: variables, contextValue };
}

/** As the execution of GraphQL says it, which over HTTP finds it. */
function notChosen(operationName: string | null | undefined): GraphQLError {
  const message =
    typeof operationName === 'string'
      ? `Unknown operation named "${operationName}".`
      : 'Must provide operation name if query contains multiple operations.';
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: TOKENS_MAX });
  } catch (error) {
    throw error instanceof GraphQLError ? coded(error, 'GRAPHQL_PARSE_FAILED') : error;
  }
}

function coded(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions, path } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions: { code } });
}

export function asGraphQLErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof GraphQLError) return [error];
  return [
    new GraphQLError(messageOf(error), { originalError: error instanceof Error ? error : new Error(messageOf(error)) }),
  ];
}

export function formatted(session: Session, id: string, error: GraphQLError, telling: Telling): GraphQLFormattedError {
  const operation = session.operations.get(id);
  assert(operation !== undefined, 'an answer to an operation that does not run');
  return formatGraphQLError(error, operation.scope, telling);
}

export function finish(session: Session, id: string, clock: Clock): void {
  const operation = session.operations.get(id);
  if (operation === undefined) return;
  session.operations.delete(id);
  session.running.end(operation);
  operation.gone.abort(clientWentAway());
  const { scope, startedAt } = operation;
  scope.log.info(
    { operation: scope.operation, subject: scope.viewer?.subject, ms: Math.round(clock.monotonic() - startedAt) },
    'socket operation ended',
  );
}
