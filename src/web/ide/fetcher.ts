/**
 * How the IDE talks to its server: queries and mutations by POST, subscriptions by graphql-ws with the same
 * Authorization as connection_init payload. Without a token, or with an empty id, nothing is sent at all: what is to be
 * filled in is shown in place of an answer.
 */

import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import { GraphQLError, getOperationAST, Kind, type OperationDefinitionNode, parse, type TypeNode } from 'graphql';
import { createClient, type ExecutionResult } from 'graphql-ws';
import type { Runs, Send } from './runs.js';
import { TOKEN_HINT, type Token, UNREADABLE_HINT, type Viewer } from './token.js';
import { exampleOf } from './variables-hint.js';

const HTTP_URL = `${window.location.origin}/graphql`;
const SOCKET_URL = HTTP_URL.replace(/^http/, 'ws');
/** Of a subscription that nobody stops: older ones are dropped. */
const EVENTS_MAX = 500;
/** The close code of a server that stops. */
const GOING_AWAY = 1001;

type Headers = Readonly<Record<string, string>>;

/** What GraphiQL sends operations with. */
export function fetcherWith(token: Token, runs: Runs): Fetcher {
  return (asked, options) => {
    const params = named(asked);
    const given: Headers = options?.headers ?? {};
    const isIntrospection = params.operationName === 'IntrospectionQuery';
    // which GraphiQL sends of its own accord: nobody says anything by its headers
    if (!isIntrospection) token.told(given);
    const { authorization } = token;
    if (authorization === undefined)
      return refused(token.current().kind === 'UNREADABLE' ? UNREADABLE_HINT : TOKEN_HINT);
    const others = Object.entries(given).filter(([name]) => name.toLowerCase() !== 'authorization');
    const headers = { ...Object.fromEntries(others), Authorization: authorization };
    if (isIntrospection) return post(params, headers);
    const operation = operationOf(params);
    const empty = operation === undefined ? undefined : emptyIdOf(operation, params.variables);
    if (empty !== undefined) return refused(`${empty} is empty: put an id into "Variables": ${exampleOf([empty])}`);
    const isSubscription = operation?.operation === 'subscription';
    const send = isSubscription ? subscribing(params, authorization) : posting(params, headers);
    // GraphiQL shows any JSON
    return runs.view(send) as AsyncIterable<ExecutionResult>;
  };
}

/** Asks the server whose token this is. @throws Error with what the server says of it */
export async function askForViewer(authorization: string): Promise<Viewer> {
  const params = { query: 'query Viewer { viewer { subject permissions } }', operationName: 'Viewer' };
  const { data, errors } = await post(params, { Authorization: authorization });
  if (data === undefined || data === null)
    throw new Error(asJson(errors?.[0]?.message ?? 'The server did not say why it refused the token'));
  return data['viewer'] as Viewer;
}

/** The server names the header as it is sent: in the header editor it is written as JSON. */
function asJson(message: string): string {
  return message.replace('"Authorization: Bearer <token>"', '{"Authorization": "Bearer <token>"}');
}

/** What is to be filled in before anything can be sent. */
function refused(hint: string): ExecutionResult {
  return { errors: [new GraphQLError(hint)] };
}

/**
 * GraphiQL takes an operation's name over with a delay: what is run just after a tab was changed comes with the name
 * that the other tab has. Where there is one operation, it is that one.
 */
function named(params: FetcherParams): FetcherParams {
  try {
    const operations = parse(params.query).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    return operations.length === 1 ? { ...params, operationName: operations[0]?.name?.value ?? null } : params;
  } catch {
    // the server says what is wrong with the text
    return params;
  }
}

/** Undefined for text that is no GraphQL: it is posted, and the server says what is wrong with it. */
function operationOf({ query, operationName }: FetcherParams): OperationDefinitionNode | undefined {
  try {
    return getOperationAST(parse(query), operationName) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The first variable that is an id and is empty, as the tabs have them at first, or is needed and missing. */
function emptyIdOf({ variableDefinitions = [] }: OperationDefinitionNode, variables: unknown): string | undefined {
  const values = new Map(Object.entries(variables ?? {}) as readonly (readonly [string, unknown])[]);
  return variableDefinitions.find(({ variable, type, defaultValue }) => {
    const value = values.get(variable.name.value);
    const isMissing = type.kind === 'NonNullType' && defaultValue === undefined && value === undefined;
    return isId(type) && (value === '' || isMissing);
  })?.variable.name.value;
}

function isId(type: TypeNode): boolean {
  if (type.kind === 'NonNullType') return isId(type.type);
  return type.kind === 'NamedType' && type.name.value === 'ID';
}

async function post(params: FetcherParams, headers: Headers, signal?: AbortSignal): Promise<ExecutionResult> {
  const response = await fetch(HTTP_URL, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(params),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  try {
    return JSON.parse(text) as ExecutionResult;
  } catch {
    throw new Error(
      `The answer is no JSON, and did not come from this server: ${response.status} ${text.slice(0, 200)}`,
    );
  }
}

function posting(params: FetcherParams, headers: Headers): Send {
  return (show, over) => {
    const abort = new AbortController();
    void post(params, headers, abort.signal)
      .catch((error: unknown) => ({ errors: [{ message: messageOf(error) }] }))
      .then(show)
      .finally(over);
    return () => abort.abort();
  };
}

/** One socket per subscription: a changed token takes effect at once. Shows all events, the newest first. */
function subscribing(params: FetcherParams, authorization: string): Send {
  return (show, over) => {
    const events: unknown[] = [];
    const tell = (event: unknown): void => {
      events.unshift(event);
      events.length = Math.min(events.length, EVENTS_MAX);
      show({ events: [...events] });
    };
    const client = createClient({
      url: SOCKET_URL,
      lazy: true,
      retryAttempts: 0,
      connectionParams: { Authorization: authorization },
      on: { connected: () => show({ events: [] }) },
    });
    return client.subscribe(
      {
        query: params.query,
        operationName: params.operationName ?? null,
        variables: params.variables as Record<string, unknown>,
      },
      {
        next: ({ data, errors }) => tell(errors === undefined ? data : { data, errors }),
        error: (error) => {
          tell(Array.isArray(error) ? { errors: error } : { errors: [{ message: messageOf(error) }] });
          over();
        },
        complete: over,
      },
    );
  };
}

function messageOf(error: unknown): string {
  if (error instanceof CloseEvent && error.reason !== '') {
    const again = error.code === GOING_AWAY ? '. Run it again once the server is back' : '';
    return `The server closed the socket: ${error.reason}${again}`;
  }
  if (error instanceof Error) return error.message;
  return 'The connection to the server was lost. Run it again';
}
