/** GraphQL over HTTP: the Apollo server with our limits, masking and no reporting to anybody. */

import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { assert } from '../../../lib/assert.js';
import { AppError, ERROR_STATUS, messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import { formatGraphQLError, graphQLErrorOf } from '../../http/error-answer.js';
import type { ApiContext, RequestScope } from '../../http/request-context.js';
import { currentScope, sanitisedOperationName } from '../../http/request-context.js';
import { auditPlugin } from './audited-operation.js';
import { checkOperation, limitRules, TOKENS_MAX } from './limits.js';

/**
 * Parsed documents that are kept, measured as JSON: in memory they take three times that, and whoever may ask can send
 * ever new ones.
 */
const DOCUMENTS_BYTES_MAX = 4 << 20;

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly log: Log;
}

/** An Apollo server, not yet started. Requests to it must run inside currentScope. */
export function createApollo({ schema, introspection, log }: ApolloOptions): ApolloServer<ApiContext> {
  return new ApolloServer<ApiContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    nodeEnv: 'production',
    validationRules: [...limitRules()],
    parseOptions: { maxTokens: TOKENS_MAX },
    documentStore: new InMemoryLRUCache<DocumentNode>({ maxSize: DOCUMENTS_BYTES_MAX }),
    formatError: (_formatted, error) => formatGraphQLError(error, scopeNow(), { schema, introspection }),
    logger: {
      debug: (message) => log.debug(messageOf(message)),
      info: (message) => log.debug(messageOf(message)),
      warn: (message) => log.warn(messageOf(message)),
      error: (message) => log.error(messageOf(message)),
    },
    plugins: [
      checkingPlugin(),
      retryingPlugin(),
      auditPlugin(),
      // Nothing leaves this machine, whatever APOLLO_ variables its environment has.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

function checkingPlugin(): ApolloServerPlugin<ApiContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ schema, document, operation, operationName, request }) => {
          scopeNow().operation = sanitisedOperationName(operationName);
          try {
            if (operation?.operation === 'subscription') {
              throw new AppError(
                'BAD_USER_INPUT',
                'Subscriptions run over WebSocket: use the graphql-transport-ws protocol at this same address',
              );
            }
            // one that is not found is refused by Apollo itself
            if (operation !== undefined)
              checkOperation({ schema, document, operation, variables: request.variables ?? {} });
          } catch (error) {
            return Promise.reject(error instanceof AppError ? graphQLErrorOf(error) : error);
          }
          return Promise.resolve();
        },
      }),
  };
}

/** How long to wait, and the status of an operation that has no data because it asked for too much. */
function retryingPlugin(): ApolloServerPlugin<ApiContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ response: { body, http } }) => {
          const { data, errors = [] } = body.kind === 'single' ? body.singleResult : {};
          const waits = errors.map(({ extensions }) => extensions?.['retryAfterSeconds']).filter(isNumber);
          if (waits.length > 0) http.headers.set('retry-after', String(Math.max(...waits)));
          const isRefused = errors.every(({ extensions }) => extensions?.['code'] === 'RATE_LIMITED');
          if (waits.length > 0 && isRefused && (data ?? null) === null) http.status = ERROR_STATUS.RATE_LIMITED;
          return Promise.resolve();
        },
      }),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function scopeNow(): RequestScope {
  const scope = currentScope.getStore();
  assert(scope !== undefined, 'a GraphQL request runs outside of its scope');
  return scope;
}
