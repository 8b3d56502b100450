/**
 * Limits on operations, the same over HTTP and over the socket: how long, how deep, how many
 * aliases and directives, and how many fields an answer may hold. The contract's operations and
 * the standard introspection query fit in several times over.
 */
import { ApolloArmor } from '@escape.tech/graphql-armor';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode, ValidationRule } from 'graphql';
import { GraphQLError } from 'graphql';
import type { ComplexityEstimatorArgs } from 'graphql-query-complexity/cjs';
// its ES module brings a second copy of graphql along, whose types are not ours
import { getComplexity } from 'graphql-query-complexity/cjs';
import { AppError } from '../../../lib/error.js';
import { checkVariables } from './variables.js';

/** Tokens of a document. */
export const TOKENS_MAX = 2_000;
export const DEPTH_MAX = 12;
export const ALIASES_MAX = 30;
export const DIRECTIVES_MAX = 30;
/**
 * What an operation may cost, counted before running. A field costs 1, the fields of a page as often as its `first`
 * says, and what is heavy to make says in its `complexity` what it costs beside its fields. Fields of a query are made
 * all at once; those of a mutation come one after the other, and none of them costs more.
 */
export const COST_MAX = 12_000;
/** A comparison, which reads two configurations whole: eight of them in one operation at most. */
export const COMPARISON_COST = 1_500;
/** A page of a comparison's changes, for which all of them before it are gone through; or the rows of a database. */
export const COUNT_COST = 500;
/** Looking into a configuration, which may have to be read whole for it. */
export const LOOK_COST = 750;
/** Finding what refers to a row, for which all rows are gone through. */
export const REFERRERS_COST = 200;
/** Rows counted for a page whose `first` is null. */
const PAGE_DEFAULT = 100;

/** Validation rules besides the standard's own. They report and never throw. */
export function limitRules(): readonly ValidationRule[] {
  const armor = new ApolloArmor({
    maxDepth: { n: DEPTH_MAX, flattenFragments: true },
    maxAliases: { n: ALIASES_MAX },
    maxDirectives: { n: DIRECTIVES_MAX },
    // Counted below, where variables are known; tokens by the parser itself.
    costLimit: { enabled: false },
    maxTokens: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  });
  return armor.protect().validationRules;
}

export interface OperationToCheck {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** Of the document, the one that is to run. */
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Checks what needs the variables: their types, then the operation's cost.
 * @throws AppError BAD_USER_INPUT; never quotes a variable's value
 */
export function checkOperation({ schema, document, operation, variables }: OperationToCheck): void {
  checkVariables(schema, operation, variables);
  // Only this operation counts; its fragments come along.
  const query = {
    ...document,
    definitions: document.definitions.filter((node) => node.kind !== 'OperationDefinition' || node === operation),
  };
  const cost = costOf(schema, query, variables);
  if (cost > COST_MAX) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The operation costs ${cost}, more than ${COST_MAX}: ask for fewer fields, smaller pages (first), or fewer ` +
        'comparisons',
    );
  }
}

function costOf(schema: GraphQLSchema, query: DocumentNode, variables: Readonly<Record<string, unknown>>): number {
  try {
    return getComplexity({
      schema,
      query,
      variables: { ...variables },
      estimators: [costOfField],
      maxQueryNodes: TOKENS_MAX * 5,
    });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    // Too many nodes once fragments are spread, or an argument that execution would refuse too.
    throw new AppError('BAD_USER_INPUT', 'The operation is too large, or one of its arguments is not valid', {
      cause: error,
    });
  }
}

function costOfField({ field, args, childComplexity }: ComplexityEstimatorArgs): number {
  const { complexity } = field.extensions;
  const own = typeof complexity === 'number' ? complexity : 1;
  if (!('first' in args)) return own + childComplexity;
  const first: unknown = args['first'];
  const rows = typeof first === 'number' ? Math.max(1, first) : PAGE_DEFAULT;
  return own + rows * childComplexity;
}
