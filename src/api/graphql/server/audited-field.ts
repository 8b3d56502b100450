/**
 * The audit trail's view of GraphQL: a line for every field of Mutation that runs, and for every one of Query and
 * Subscription that is refused; and a line where an operation fails before any field of it runs.
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
import type { AuditTarget } from '../../../service/audit/audit-line.js';
import { type Audit, admitAudited, REFUSALS, recordCall, UNKNOWN_OPERATION } from '../../http/audited-request.js';
import { codeOf } from '../../http/error-answer.js';
import type { ApiContext, RequestScope } from '../../http/request-context.js';
import { TOKENS_MAX } from './limits.js';

type Arguments = Readonly<Record<string, unknown>>;
type Resolve = GraphQLFieldResolver<unknown, ApiContext, Arguments>;

/** Lines of an operation of which nothing ran. */
const UNRUN_LINES_MAX = 10;
const ENDS_LATER = 'ACCEPTED';

/** Has the trail follow the fields of this schema. */
export function auditFields(schema: GraphQLSchema, audit: Audit): void {
  for (const field of fieldsOf(schema.getMutationType()))
    field.resolve = audited(field.name, (field.resolve ?? defaultFieldResolver) as Resolve, audit);
  for (const field of fieldsOf(schema.getQueryType()))
    field.resolve = watched(field.name, (field.resolve ?? defaultFieldResolver) as Resolve, audit);
  for (const field of fieldsOf(schema.getSubscriptionType()))
    if (field.subscribe !== undefined) field.subscribe = watched(field.name, field.subscribe as Resolve, audit);
}

/** Writes the line of an operation over HTTP that failed before any field ran. */
export function auditPlugin(audit: Audit): ApolloServerPlugin<ApiContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: async ({ contextValue, errors, document, operationName, schema }) => {
          if (errors !== undefined)
            await recordUnrun(audit, { scope: contextValue.scope, errors, document, operationName, schema });
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
export async function recordUnrun(
  audit: Audit,
  { scope, errors, document, operationName, schema }: UnrunOperation,
): Promise<void> {
  const [error] = errors;
  if (scope.auditLines !== undefined || error === undefined) return;
  const result = codeOf(error);
  const mutations = mutationsOf(typeof document === 'string' ? parsed(document) : document, operationName, schema);
  for (const action of mutations) await recordCall(audit, scope, { action, result });
  if (mutations.length === 0 && REFUSALS.has(result))
    await recordCall(audit, scope, { action: UNKNOWN_OPERATION, result });
}

type Field = GraphQLFieldMap<unknown, ApiContext>[string];

function fieldsOf(type: GraphQLObjectType | null | undefined): readonly Field[] {
  return Object.values(type?.getFields() ?? {}) as readonly Field[];
}

function audited(action: string, resolve: Resolve, audit: Audit): Resolve {
  return async (source, args, context, info) => {
    const asked = askedTarget(action, args);
    let value: unknown;
    try {
      await admitAudited(audit, action);
      value = await resolve(source, args, context, info);
    } catch (error) {
      await recordCall(audit, context.scope, { action, target: asked, result: codeOf(error) });
      throw error;
    }
    await recordCall(audit, context.scope, {
      action,
      target: { ...asked, ...answeredTarget(action, value) },
      result: resultOf(action, value),
    });
    return value;
  };
}

function watched(action: string, resolve: Resolve, audit: Audit): Resolve {
  return async (source, args, context, info) => {
    try {
      return await resolve(source, args, context, info);
    } catch (error) {
      const result = codeOf(error);
      if (REFUSALS.has(result)) await recordCall(audit, context.scope, { action, result });
      throw error;
    }
  };
}

/** What the arguments say; keys and documents are among them, so only what is known to be harmless is taken. */
function askedTarget(action: string, { id, input, dryRun }: Arguments): AuditTarget {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Arguments;
  const what = textOf(id);
  switch (action) {
    case 'deleteBackup':
    case 'validateBackup':
      return { backupId: what };
    case 'undoRestore':
      return { undoOf: what, dryRun: dryRun === true };
    case 'confirmRestore':
    case 'cancelRestore':
      return { restoreId: what };
    case 'restoreBackup':
      return {
        backupId: textOf(given['backupId']),
        database: textOf(given['database']),
        dryRun: given['dryRun'] === true,
      };
    default:
      return { name: textOf(given['name']), database: textOf(given['database']) };
  }
}

function answeredTarget(action: string, value: unknown): AuditTarget {
  if (typeof value !== 'object' || value === null) return {};
  const { id, name, backupId, database } = value as Arguments;
  if (/Restore$|^restore/.test(action))
    return { restoreId: textOf(id), backupId: textOf(backupId), database: textOf(database) };
  return action === 'createBackup' || action === 'importBackup'
    ? { backupId: textOf(id), name: textOf(name), database: textOf(database) }
    : {};
}

function resultOf(action: string, value: unknown): string {
  if (action === 'startBackup') return ENDS_LATER;
  if (action !== 'restoreBackup' && action !== 'undoRestore') return 'OK';
  const { result } = value as {
    readonly result?: { readonly success: boolean; readonly errors: readonly { readonly code: string }[] };
  };
  if (result === undefined) return ENDS_LATER;
  return result.success ? 'OK' : (result.errors[0]?.code ?? 'INTERNAL');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
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
