/**
 * GraphQL over WebSocket (graphql-transport-ws) for subscriptions, with the same token, limits
 * and masking as over HTTP. A socket belongs to its token: it closes when the token expires, is
 * revoked or allows something else, which is looked at now and then; every operation looks too. One that does not say
 * whose it is holds its place for some seconds, and such sockets have only a part of the places.
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { NoSchemaIntrospectionCustomRule, specifiedRules } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import type { RawData } from 'ws';
import { WebSocket, WebSocketServer } from 'ws';
import { every } from '../../../lib/clock.js';
import { errnoOf, messageOf } from '../../../lib/error.js';
import { networkOf } from '../../http/guard/client-address.js';
import { clientWentAway } from '../../http/request-context.js';
import { UnderWay } from '../../http/under-way.js';
import { recordUnrun } from './audited-operation.js';
import { limitRules } from './limits.js';
import { closeAll, terminateWhenGone } from './socket-liveness.js';
import { asGraphQLErrors, begin, finish, formatted, type OperationOptions, prepare } from './socket-operation.js';
import {
  admit,
  countWhere,
  hangUpOnNameless,
  type RunningOperation,
  recheck,
  type Session,
  type SessionOptions,
} from './socket-session.js';

export interface SocketServerOptions extends OperationOptions, SessionOptions {
  readonly introspection: boolean;
  readonly socketsPerAddressMax: number;
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
  /** Resolves when no operation runs, and the last one has been told its end. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const SOCKETS_MAX = 500;
/** How often the tokens of open sockets are looked at again. */
const RECHECK_MS = 20_000;
const MESSAGE_BYTES_MAX = 1024 * 1024;
const INIT_WAIT_MS = 5_000;
/** Why the protocol closes a socket, and what to do; the library says the first half. */
const REASONS: Readonly<Record<number, string>> = {
  [CloseCode.SubprotocolNotAcceptable]: 'The subprotocol is not taken: ask for graphql-transport-ws',
  [CloseCode.BadRequest]: 'The message is not one of graphql-transport-ws: send JSON with type, and id and payload',
  [CloseCode.ConnectionInitialisationTimeout]: 'No connection_init within 5 s: send it first, with the token',
  [CloseCode.TooManyInitialisationRequests]: 'connection_init came twice: send it once',
  [CloseCode.Unauthorized]: 'Send connection_init, and wait for connection_ack, before you subscribe',
};
/** How the protocol of WebSockets calls a message that is too large. */
const MESSAGE_TOO_BIG = 1009;
/** At most 123 bytes. */
const TOO_BIG_REASON = `The message is larger than ${MESSAGE_BYTES_MAX} bytes: send it by HTTP, with POST`;
/** For a client to take leave of a socket that is closed here, before it is hung up on. */
const CLOSE_WAIT_MS = 1_000;

/** A socket whose library closes it for a message that is too large, and says so. */
class ReasonedSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason ?? (code === MESSAGE_TOO_BIG ? TOO_BIG_REASON : undefined));
  }
}

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    WebSocket: ReasonedSocket,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const sessions = new Set<Session>();
  const protocol = protocolServer(options, sessions);
  const running = new UnderWay<RunningOperation>();
  const endRechecks = every(options.clock, RECHECK_MS, () => {
    for (const session of sessions)
      recheck(session, options).catch((error: unknown) =>
        options.log.error({ err: error }, "a socket's token could not be looked at"),
      );
  });
  return {
    accept: ({ request, socket, head, address }) => {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        attach(webSocket, { protocol, sessions, running, address, options }),
      );
      hangUpOnNameless(sessions);
    },
    hasRoom: () => sessions.size < SOCKETS_MAX,
    hasRoomFor: (address) =>
      countWhere(sessions, (session) => session.network === networkOf(address)) < options.socketsPerAddressMax,
    open: () => sessions.size,
    idle: async () => {
      await running.none();
      // an operation is finished one step before its client is told
      await new Promise((resolve) => setImmediate(resolve));
    },
    close: async () => {
      endRechecks();
      await closeAll(sockets);
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
  readonly running: UnderWay<RunningOperation>;
  readonly address: string;
  readonly options: SocketServerOptions;
}

function attach(socket: WebSocket, { protocol, sessions, running, address, options }: Attachment): void {
  const { log, audit, clock } = options;
  let callOffHangUp = (): void => undefined;
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
    callOffHangUp();
    callOffHangUp = clock.alarm(CLOSE_WAIT_MS, () => socket.terminate(), { keepsAlive: false });
  };
  const session: Session = {
    close,
    hangUp: () => socket.terminate(),
    operations: new Map(),
    running,
    address,
    network: networkOf(address),
  };
  sessions.add(session);
  terminateWhenGone(socket);
  socket.on('error', (error) => {
    if (errnoOf(error) === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      log.warn({ address, bytesMax: MESSAGE_BYTES_MAX }, 'closed a socket: its message is too large');
    else log.debug({ err: error }, 'socket failed');
  });
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
      close: (code = CloseCode.InternalServerError, reason = '') => close(code, REASONS[code] ?? reason),
      onMessage: (take) => {
        socket.on('message', (data: RawData) => {
          take(textOf(data)).catch((error: unknown) => {
            // the library takes it for a fault of its own when a client sends what only a server says
            if (messageOf(error).startsWith('Unexpected message of type')) {
              close(CloseCode.BadRequest, 'Only a server sends messages of this type');
              return;
            }
            log.error({ err: error }, 'socket message failed');
            close(CloseCode.InternalServerError, 'Internal error');
          });
        });
      },
    },
    session,
  );
  socket.once('close', (code, reason) => {
    callOffHangUp();
    session.callOffExpiry?.();
    sessions.delete(session);
    for (const operation of session.operations.values()) {
      operation.gone.abort(clientWentAway());
      running.end(operation);
    }
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
        : { ...result, errors: result.errors.map((error) => formatted(extra, id, error, options)) },
    onError: async ({ extra }, id, { query, operationName }, errors) => {
      const answer = errors.map((error) => formatted(extra, id, error, options));
      const scope = extra.operations.get(id)?.scope;
      if (scope !== undefined)
        await recordUnrun({ scope, errors, document: query, operationName, schema: options.schema });
      finish(extra, id, options.clock);
      return answer;
    },
    onComplete: ({ extra }, id) => finish(extra, id, options.clock),
  });
}
