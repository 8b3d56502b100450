/**
 * The audit trail's view of GraphQL: a line for every field of Query and Subscription that is refused, and one where an
 * operation fails before any field of it runs. Fields of Mutation ask for commands, which write their own lines.
 */
import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  defaultFieldResolver,
  type GraphQLFieldMap,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { hasLine, REFUSALS } from '../../../service/command/call.js';
import { recordCall, UNKNOWN_OPERATION } from '../../http/audited-request.js';
import { codeOf } from '../../http/error-answer.js';
import type { ApiContext, RequestScope } from '../../http/request-context.js';
import { TOKENS_MAX } from './limits.js';

type Arguments = Readonly<Record<string, unknown>>;
type Resolve = GraphQLFieldResolver<unknown, ApiContext, Arguments>;

/** Lines of an operation of which nothing ran. */
const UNRUN_LINES_MAX = 10;

/** Writes a line for every field of Query and of Subscription of this schema that is refused. */
export function auditRefusals(schema: GraphQLSchema): void {
  for (const field of fieldsOf(schema.getQueryType()))
    field.resolve = watched(field.name, (field.resolve ?? defaultFieldResolver) as Resolve);
  for (const field of fieldsOf(schema.getSubscriptionType()))
    if (field.subscribe !== undefined) field.subscribe = watched(field.name, field.subscribe as Resolve);
}

/** Writes the line of an operation over HTTP that failed before any field ran. */
export function auditPlugin(): ApolloServerPlugin<ApiContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: async ({ contextValue, errors, document, operationName, schema }) => {
          if (errors !== undefined)
            await recordUnrun({ scope: contextValue.scope, errors, document, operationName, schema });
        },
      }),
  };
}

export interface UnrunOperation {
  readonly scope: RequestScope;
  readonly errors: readonly unknown[];
  /** Parsed, or as it came; undefined where it could not be parsed. */
  readonly document: DocumentNode | string | undefined;
  readonly operationName: string | null | undefined;
  readonly schema: GraphQLSchema;
}

/**
 * Writes a line for each mutation of an operation that failed before any field of it ran, or one for what was refused.
 */
export async function recordUnrun({ scope, errors, document, operationName, schema }: UnrunOperation): Promise<void> {
  const [error] = errors;
  if (scope.auditLines !== undefined || error === undefined) return;
  const result = codeOf(error);
  const mutations = mutationsOf(typeof document === 'string' ? parsed(document) : document, operationName, schema);
  for (const action of mutations) await recordCall(scope, { action, result });
  if (mutations.length === 0 && REFUSALS.has(result)) await recordCall(scope, { action: UNKNOWN_OPERATION, result });
}

type Field = GraphQLFieldMap<unknown, ApiContext>[string];

function fieldsOf(type: GraphQLObjectType | null | undefined): readonly Field[] {
  return Object.values(type?.getFields() ?? {}) as readonly Field[];
}

function watched(action: string, resolve: Resolve): Resolve {
  return async (source, args, context, info) => {
    try {
      return await resolve(source, args, context, info);
    } catch (error) {
      const result = codeOf(error);
      if (REFUSALS.has(result) && !hasLine(error)) await recordCall(context.scope, { action, result });
      throw error;
    }
  };
}

function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query, { maxTokens: TOKENS_MAX, noLocation: true });
  } catch {
    return undefined; // whoever sent it has been told
  }
}

/** The mutations of an operation that the schema has; the document need not be valid. */
function mutationsOf(
  document: DocumentNode | undefined,
  operationName: string | null | undefined,
  schema: GraphQLSchema,
): readonly string[] {
  const operation = document === undefined ? undefined : getOperationAST(document, operationName);
  if (document === undefined || operation?.operation !== 'mutation') return [];
  const known = schema.getMutationType()?.getFields() ?? {};
  const named = new Set<string>();
  const seen = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD)
        named.add(Object.hasOwn(known, selection.name.value) ? selection.name.value : UNKNOWN_OPERATION);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        for (const node of document.definitions)
          if (node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === selection.name.value)
            collect(node.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return [...named].slice(0, UNRUN_LINES_MAX);
}
