/**
 * How the IDE talks to its server: queries and mutations by POST, subscriptions by graphql-ws
 * with the same Authorization as connection_init payload. Without a token nothing is sent at
 * all: the hint where to put it is shown in place of an answer.
 */

import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphQLError } from 'graphql';
import { createClient } from 'graphql-ws';
import { authorizationFrom, TOKEN_HINT } from './token.js';

const HTTP_URL = `${window.location.origin}/graphql`;
const SOCKET_URL = HTTP_URL.replace(/^http/, 'ws');

export const fetcher: Fetcher = async (params: FetcherParams, options?: FetcherOpts) => {
  const authorization = authorizationFrom(options?.headers);
  if (authorization === undefined) return { errors: [new GraphQLError(TOKEN_HINT)] };
  const headers = { ...withoutAuthorization(options?.headers), Authorization: authorization };
  const send = createGraphiQLFetcher({
    url: HTTP_URL,
    enableIncrementalDelivery: false,
    // One socket per subscription: a changed token takes effect at once. It closes with its operation.
    wsClient: createClient({
      url: SOCKET_URL,
      lazy: true,
      retryAttempts: 0,
      connectionParams: { Authorization: authorization },
    }),
  });
  return send(params, { ...options, headers });
};

function withoutAuthorization(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'authorization'));
}
