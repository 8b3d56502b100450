/**
 * GraphQL over WebSocket (graphql-transport-ws) for subscriptions, with the same token, limits
 * and masking as over HTTP. A socket belongs to its token: it closes when the token expires, is
 * revoked or allows something else, which is looked at now and then; every operation looks too.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DocumentNode, ExecutionArgs, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import {
  GraphQLError,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { Authenticator } from '../../../auth/authenticator.js';
import type { Viewer } from '../../../auth/permission.js';
import { assert } from '../../../lib/assert.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Audit } from '../../http/audited-request.js';
import { formatGraphQLError } from '../../http/error-answer.js';
import { networkOf } from '../../http/guard.js';
import type { RateLimits } from '../../http/rate-limit.js';
import type { ApiContext, RequestScope } from '../../http/request-context.js';
import { requestIdOf, sanitisedOperationName } from '../../http/request-context.js';
import { recordUnrun } from '../audit/audited-field.js';
import { checkOperation, limitRules, TOKENS_MAX } from './limits.js';

export interface SocketServerOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly authenticator: Authenticator;
  readonly contextFor: (base: ApiContext) => ApiContext;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit?: Audit | undefined;
  readonly rateLimits: RateLimits;
  readonly socketsPerAddressMax: number;
  /** How often the tokens of open sockets are looked at again. */
  readonly recheckMs?: number;
}

export interface SocketRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** As addressOf gives it. */
  readonly address: string;
}

export interface SocketServer {
  /** Takes over a checked upgrade request. */
  accept(request: SocketRequest): void;
  /** True when there is room for one more socket. */
  hasRoom(): boolean;
  /** True when this address may open one more. */
  hasRoomFor(address: string): boolean;
  /** Sockets that are open. */
  open(): number;
  /** Operations that run now. */
  running(): number;
  close(): Promise<void>;
}

const SOCKETS_MAX = 500;
/** One token must not take all of them. */
const SOCKETS_PER_TOKEN_MAX = 250;
const RECHECK_MS = 20_000;
/** Of RFC 6455's registry: clients may come back, in contrast to 4401. */
const TRY_AGAIN_LATER = 1013;
const OPERATIONS_MAX = 50;
const MESSAGE_BYTES_MAX = 1024 * 1024;
const INIT_WAIT_MS = 5_000;
const PING_EVERY_MS = 12_000;
const TIMER_MS_MAX = 2 ** 31 - 1;
const CLOSE_REASON_BYTES_MAX = 120;

interface RunningOperation {
  readonly scope: RequestScope;
  readonly startedAt: number;
  readonly gone: AbortController;
}

/** What one socket carries. */
interface Session {
  readonly close: (code: number, reason: string) => void;
  readonly operations: Map<string, RunningOperation>;
  readonly address: string;
  /** What counts as one address. */
  readonly network: string;
  authorization?: string;
  /** Once the token was found valid. */
  viewer?: Viewer;
  expiry?: NodeJS.Timeout;
}

type SocketContext = Context<Record<string, unknown>, Session>;

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const sessions = new Set<Session>();
  const protocol = protocolServer(options, sessions);
  const rechecks = setInterval(() => {
    for (const session of sessions)
      recheck(session, options).catch((error: unknown) =>
        options.log.error({ err: error }, "a socket's token could not be looked at"),
      );
  }, options.recheckMs ?? RECHECK_MS);
  rechecks.unref();
  return {
    accept: ({ request, socket, head, address }) => {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        attach(webSocket, { protocol, sessions, address, log: options.log, audit: options.audit }),
      );
    },
    hasRoom: () => sessions.size < SOCKETS_MAX,
    hasRoomFor: (address) =>
      countWhere(sessions, (session) => session.network === networkOf(address)) < options.socketsPerAddressMax,
    open: () => sessions.size,
    running: () => [...sessions].reduce((sum, session) => sum + session.operations.size, 0),
    close: async () => {
      clearInterval(rechecks);
      for (const client of sockets.clients) client.close(1001, 'The server is shutting down');
      const ended = new Promise<void>((resolve) => sockets.close(() => resolve()));
      setTimeout(() => sockets.clients.forEach((client) => client.terminate()), 500).unref();
      await ended;
    },
  };
}

/** A message as ws hands it over: in one piece, in several, or as an ArrayBuffer. */
function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)).toString();
}

type ProtocolServer = ReturnType<typeof makeServer<Record<string, unknown>, Session>>;

interface Attachment {
  readonly protocol: ProtocolServer;
  readonly sessions: Set<Session>;
  readonly address: string;
  readonly log: Log;
  readonly audit: Audit | undefined;
}

function attach(socket: WebSocket, { protocol, sessions, address, log, audit }: Attachment): void {
  const close = (code: number, reason: string): void => {
    if (code === CloseCode.Unauthorized && socket.readyState === socket.OPEN)
      void audit?.record({
        subject: session.viewer?.subject,
        action: 'connect',
        address,
        via: 'SOCKET',
        result: 'UNAUTHENTICATED',
      });
    socket.close(code, reason);
  };
  const session: Session = { close, operations: new Map(), address, network: networkOf(address) };
  sessions.add(session);
  let answered = true;
  const ping = setInterval(() => {
    if (!answered) socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, PING_EVERY_MS);
  socket.on('pong', () => {
    answered = true;
  });
  socket.on('error', (error) => log.debug({ err: error }, 'socket failed'));
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise<void>((resolve) => {
          if (socket.readyState !== socket.OPEN) resolve();
          else
            socket.send(data, (error) => {
              // only a connection that broke fails a write: the socket closes by that, which ends its operations
              if (error) log.debug({ err: error }, 'the client went away');
              resolve();
            });
        }),
      close: (code, reason) => close(code ?? CloseCode.InternalServerError, reason ?? ''),
      onMessage: (take) => {
        socket.on('message', (data: RawData) => {
          take(textOf(data)).catch((error: unknown) => {
            // the library takes it for a fault of its own when a client sends what only a server says
            if (messageOf(error).startsWith('Unexpected message of type')) {
              close(CloseCode.BadRequest, 'Only a server sends messages of this type');
              return;
            }
            log.error({ err: error }, 'socket message failed');
            socket.close(CloseCode.InternalServerError, 'Internal error');
          });
        });
      },
    },
    session,
  );
  socket.once('close', (code, reason) => {
    clearInterval(ping);
    clearTimeout(session.expiry);
    sessions.delete(session);
    for (const operation of session.operations.values()) operation.gone.abort();
    closed(code, String(reason)).catch((error: unknown) => log.error({ err: error }, 'socket did not close cleanly'));
  });
}

function protocolServer(options: SocketServerOptions, sessions: ReadonlySet<Session>): ProtocolServer {
  const rules = [
    ...specifiedRules,
    ...limitRules(),
    ...(options.introspection ? [] : [NoSchemaIntrospectionCustomRule]),
  ];
  return makeServer<Record<string, unknown>, Session>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    onConnect: (context) => admit(context, options, sessions),
    onSubscribe: async (context, id, payload) => {
      const operation = begin(context.extra, id, options);
      try {
        return await prepare({ context, payload, operation, rules, options });
      } catch (error) {
        return asGraphQLErrors(error);
      }
    },
    onNext: ({ extra }, id, _payload, _args, result) =>
      result.errors === undefined
        ? undefined
        : { ...result, errors: result.errors.map((error) => formatted(extra, id, error)) },
    onError: async ({ extra }, id, { query, operationName }, errors) => {
      const answer = errors.map((error) => formatted(extra, id, error));
      const scope = extra.operations.get(id)?.scope;
      if (options.audit !== undefined && scope !== undefined)
        await recordUnrun(options.audit, { scope, errors, document: query, operationName, schema: options.schema });
      finish(extra, id);
      return answer;
    },
    onComplete: ({ extra }, id) => finish(extra, id),
  });
}

async function admit(
  { extra, connectionParams }: SocketContext,
  { authenticator, rateLimits, clock, audit }: SocketServerOptions,
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
    const inMs = Math.max(0, (expiresAtMs ?? Infinity) - clock.now());
    // what is further away than a timer can count is found by looking now and then
    if (inMs <= TIMER_MS_MAX) {
      extra.expiry = setTimeout(() => extra.close(CloseCode.Unauthorized, 'The token has expired'), inMs);
      extra.expiry.unref();
    }
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'RATE_LIMITED')
      void audit?.record({ action: 'connect', address: extra.address, via: 'SOCKET', result: error.code });
    extra.close(
      error.code === 'UNAUTHENTICATED' ? CloseCode.Unauthorized : TRY_AGAIN_LATER,
      error.message.slice(0, CLOSE_REASON_BYTES_MAX),
    );
    return false;
  }
}

/** Closes the socket when its token is not valid any more, or allows something else than when it was opened. */
async function recheck(session: Session, { authenticator }: SocketServerOptions): Promise<void> {
  const { viewer } = session;
  if (viewer === undefined) return;
  try {
    const now = await authenticator.authenticate(session.authorization);
    const isSame =
      now.subject === viewer.subject &&
      now.permissions.size === viewer.permissions.size &&
      [...now.permissions].every((permission) => viewer.permissions.has(permission));
    if (!isSame) session.close(CloseCode.Unauthorized, 'The token allows something else now: connect again');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // a key set that is out of reach says nothing about the token
    if (error.code === 'UNAUTHENTICATED')
      session.close(CloseCode.Unauthorized, error.message.slice(0, CLOSE_REASON_BYTES_MAX));
  }
}

function countWhere(sessions: ReadonlySet<Session>, isCounted: (session: Session) => boolean): number {
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

function begin(session: Session, id: string, { log, clock }: SocketServerOptions): RunningOperation {
  const requestId = requestIdOf(undefined);
  const scope: RequestScope = {
    requestId,
    log: log.child({ reqId: requestId }),
    address: session.address,
    via: 'SOCKET',
  };
  const operation = { scope, startedAt: clock.monotonic(), gone: new AbortController() };
  session.operations.set(id, operation);
  return operation;
}

interface Preparation {
  readonly context: SocketContext;
  readonly payload: SubscribePayload;
  readonly operation: RunningOperation;
  readonly rules: Parameters<typeof validate>[2];
  readonly options: SocketServerOptions;
}

async function prepare({
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
  if (chosen === null || chosen === undefined)
    throw new AppError(
      'BAD_USER_INPUT',
      'The document has no operation of the name that operationName gives, or several and no name is given',
    );
  operation.scope.operation = sanitisedOperationName(chosen.name?.value);
  const variables = payload.variables ?? {};
  checkOperation({ schema, document, operation: chosen, variables });
  const { scope } = operation;
  const { requestId, log } = scope;
  const contextValue = options.contextFor({ viewer, requestId, log, requestSignal: operation.gone.signal, scope });
  return { schema, document, operationName: payload.operationName, variableValues: variables, contextValue };
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

function asGraphQLErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof GraphQLError) return [error];
  return [
    new GraphQLError(messageOf(error), { originalError: error instanceof Error ? error : new Error(messageOf(error)) }),
  ];
}

function formatted(session: Session, id: string, error: GraphQLError): GraphQLFormattedError {
  const operation = session.operations.get(id);
  assert(operation !== undefined, 'an answer to an operation that does not run');
  return formatGraphQLError(error, operation.scope);
}

function finish(session: Session, id: string): void {
  const operation = session.operations.get(id);
  if (operation === undefined) return;
  session.operations.delete(id);
  operation.gone.abort();
  const { scope, startedAt } = operation;
  scope.log.info(
    { operation: scope.operation, subject: scope.viewer?.subject, ms: Math.round(performance.now() - startedAt) },
    'socket operation ended',
  );
}
