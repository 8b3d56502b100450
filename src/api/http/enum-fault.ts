/** A value that an enum of the GraphQL schema does not have. */
import type { GraphQLEnumType } from 'graphql';
import { andNot } from '../../lib/text/wrong-value.js';

/** What is expected instead. */
export function enumFault(type: GraphQLEnumType, value: unknown): string {
  const names = type.getValues().map(({ name }) => name);
  return `expected one of ${names.join(', ')}${andNot(value)}`;
}
