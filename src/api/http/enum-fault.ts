/** A value that an enum of the GraphQL schema does not have. */
import type { GraphQLEnumType } from 'graphql';

/** A value may be a key in the wrong place: only what looks like the name of a value is quoted. */
const QUOTED = /^[A-Za-z_]{1,24}$/;

/** What is expected instead. */
export function enumFault(type: GraphQLEnumType, value: unknown): string {
  const names = type.getValues().map(({ name }) => name);
  const given = typeof value === 'string' && QUOTED.test(value) ? `, and not ${value}` : '';
  return `expected one of ${names.join(', ')}${given}`;
}
