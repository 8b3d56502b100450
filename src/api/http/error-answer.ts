/**
 * The only place where errors become answers. An AppError goes out with its code; what GraphQL
 * itself finds wrong with an operation keeps its code but loses every value that it quotes;
 * everything else is masked as INTERNAL and logged whole under the request's id.
 */

import type { GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import { defined } from '../../lib/defined.js';
import type { ErrorCode, ErrorDetails, ErrorPlace, Problem } from '../../lib/error.js';
import { AppError, ERROR_STATUS, mistakesError } from '../../lib/error.js';
import { graphQLFault, type Telling } from './graphql-fault.js';
import type { RequestScope } from './request-context.js';

/** An error as a client may see it. */
export interface PublicError extends ErrorPlace {
  /** A code of the catalogue, or GraphQL's own: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED. */
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly problems: readonly Problem[];
  /** For the header Retry-After, and in GraphQL for the error too: an answer may hold more than one. */
  readonly retryAfterSeconds?: number;
  /** For programs, beside the code. */
  readonly details?: ErrorDetails;
}

const MESSAGE_CHARACTERS_MAX = 4_000;

/** GraphQL's and Apollo's own codes -> ours. Whatever is not here is our trouble, not the client's. */
const GRAPHQL_CODES: Readonly<Record<string, string>> = {
  GRAPHQL_PARSE_FAILED: 'GRAPHQL_PARSE_FAILED',
  GRAPHQL_VALIDATION_FAILED: 'GRAPHQL_VALIDATION_FAILED',
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
};

/**
 * Translates anything thrown, and counts it; what is not meant for clients is logged and masked.
 * @param telling of GraphQL's own errors
 */
export function publicError(error: unknown, scope: RequestScope, telling?: Telling): PublicError {
  const origin = originOf(error);
  const known = knownError(origin, telling);
  scope.errorCounts?.told(known?.code ?? 'INTERNAL', scope.via);
  if (known !== undefined) {
    if (known.status >= 500) scope.log.warn({ err: origin }, 'request failed');
    return known;
  }
  scope.log.error({ err: origin }, 'internal error');
  return { code: 'INTERNAL', status: 500, message: `Internal error; request id ${scope.requestId}`, problems: [] };
}

/** The code that anything thrown goes out with. */
export function codeOf(error: unknown): string {
  return knownError(originOf(error))?.code ?? 'INTERNAL';
}

/** Undefined for what is not meant for clients. A message may quote what was sent, which may be long. */
function knownError(origin: unknown, telling?: Telling): PublicError | undefined {
  const known = translated(origin, telling);
  return known === undefined || known.message.length <= MESSAGE_CHARACTERS_MAX
    ? known
    : { ...known, message: `${known.message.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed()}...` };
}

function translated(origin: unknown, telling: Telling | undefined): PublicError | undefined {
  if (origin instanceof AppError && origin.code !== 'INTERNAL') {
    const { code, message, problems, place, retryAfterSeconds, details, status = ERROR_STATUS[code] } = origin;
    return {
      code,
      status,
      message,
      problems,
      ...place,
      ...defined({ retryAfterSeconds, details }),
    };
  }
  const invalid = invalidArguments(origin);
  if (invalid !== undefined) return translated(mistakesError(invalid, 'The input is not valid: '), telling);
  if (origin instanceof GraphQLError) {
    const given = String(origin.extensions['code']);
    const code = Object.hasOwn(GRAPHQL_CODES, given) ? GRAPHQL_CODES[given] : undefined;
    if (code !== undefined) return refused(code, graphQLFault(origin, telling));
    const argument = /^Argument "(\w+)" has invalid value/.exec(origin.message)?.[1];
    if (argument !== undefined) return refused('BAD_USER_INPUT', `Argument "${argument}" has an invalid value`);
  }
  return transportError(origin);
}

/** A GraphQL error as it goes out, over HTTP and over the socket. */
export function formatGraphQLError(error: unknown, scope: RequestScope, telling: Telling): GraphQLFormattedError {
  const { path, locations } = error instanceof GraphQLError ? error : { path: undefined, locations: undefined };
  return {
    ...graphQLErrorBody(publicError(error, scope, telling), scope),
    ...defined({ locations: locations?.map(({ line, column }) => ({ line, column })), path }),
  };
}

/** The same for a request that failed before GraphQL looked at it. */
export function graphQLErrorBody(
  { code, message, problems, table, label, retryAfterSeconds, details }: PublicError,
  scope: RequestScope,
): GraphQLFormattedError {
  return {
    message,
    extensions: {
      code,
      requestId: scope.requestId,
      ...defined({ table, label, retryAfterSeconds, ...details }),
      ...(problems.length === 0 ? {} : { problems: problems.map(publicProblem) }),
    },
  };
}

/** The body of a failed request outside GraphQL, as the REST contract has it. */
export function restErrorBody(error: PublicError, scope: RequestScope): Record<string, unknown> {
  const { reason, restoreId, backupIds, confirmBefore } = error.details ?? {};
  return {
    error: error.message,
    code: error.code,
    request_id: scope.requestId,
    ...defined({ reason, restore_id: restoreId, backup_ids: backupIds, confirm_before: confirmBefore }),
    ...(error.problems.length === 0 ? {} : { problems: error.problems.map(publicProblem) }),
    ...scope.beside,
  };
}

/** An AppError to be thrown where Apollo decides on the HTTP status. */
export function graphQLErrorOf(error: AppError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { http: { status: ERROR_STATUS[error.code] } },
  });
}

function publicProblem({ code, message, table, label }: Problem): Problem {
  return { code, message, ...defined({ table, label }) };
}

function refused(code: string, message: string): PublicError {
  return { code, status: 400, message, problems: [] };
}

/** The innermost error, but for what GraphQL refused before a resolver ran: there the wrapper has the code. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.originalError !== undefined) {
    const code = String(origin.extensions['code']);
    const isRefusal =
      Object.hasOwn(GRAPHQL_CODES, code) && (code !== 'BAD_USER_INPUT' || origin.originalError instanceof GraphQLError);
    if (isRefusal) return origin;
    origin = origin.originalError;
  }
  return origin;
}

interface FieldFault {
  readonly property: string;
  readonly constraints: readonly string[];
}

/**
 * type-graphql's ArgumentValidationError: only fields and constraint names are taken, as its messages may quote values.
 */
function invalidArguments(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error)) return undefined;
  const { extensions } = error as { extensions?: { validationErrors?: unknown } };
  const list = extensions?.validationErrors;
  if (!Array.isArray(list)) return undefined;
  const faults = list.flatMap((item) => fieldFaults(item, ''));
  return faults.map(({ property, constraints }) => `${property} (${constraints.join(', ')})`);
}

function fieldFaults(item: unknown, prefix: string): readonly FieldFault[] {
  if (typeof item !== 'object' || item === null) return [];
  const { property, constraints, children } = item as { property?: unknown; constraints?: object; children?: unknown };
  const path = `${prefix}${String(property).slice(0, 64)}`;
  const own = constraints === undefined ? [] : [{ property: path, constraints: Object.keys(constraints) }];
  const nested = Array.isArray(children) ? children.flatMap((child) => fieldFaults(child, `${path}.`)) : [];
  return [...own, ...nested];
}

/** What Fastify and the multipart reader refuse before anything of ours runs. Their messages quote nothing. */
function transportError(error: unknown): PublicError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  // Node's own words for a client that goes away in the middle of its body
  if (code === 'ECONNRESET' && error.message === 'aborted')
    return refused('BAD_USER_INPUT', 'The connection was closed in the middle of the request: send it again');
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  const isKnown = (typeof code === 'string' && code.startsWith('FST_')) || error.constructor.name === 'HttpError';
  if (!isKnown) return undefined;
  const ours: ErrorCode = statusCode === 413 ? 'TOO_LARGE' : statusCode === 404 ? 'NOT_FOUND' : 'BAD_USER_INPUT';
  return { code: ours, status: statusCode === 499 ? 400 : statusCode, message: error.message, problems: [] };
}
