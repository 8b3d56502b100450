/** The contract's scalars. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { GraphQLBigInt, GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import { GraphQLUpload } from 'graphql-upload-minimal';
import { exactJson } from '../../http/exact-json.js';

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'An instant in UTC, as in RFC 3339, such as 2026-01-15T10:30:00.000Z',
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: (value) => GraphQLDateTimeISO.parseValue(value),
  parseLiteral: (node: ValueNode) => GraphQLDateTimeISO.parseLiteral(node, undefined),
});

/** Inputs have none of it; it is for counts that may pass 32 bits. */
export const BigIntScalar = new GraphQLScalarType<number, number>({
  name: 'BigInt',
  description: 'A count of bytes, rows or lines, as a whole JSON number. Exact up to 2^53 - 1',
  serialize: (value) => {
    if (!Number.isSafeInteger(value)) throw new GraphQLError('A count is no safe integer');
    return value as number;
  },
  parseValue: (value) => Number(GraphQLBigInt.parseValue(value)),
  parseLiteral: (node: ValueNode) => {
    if (node.kind !== Kind.INT) throw new GraphQLError('BigInt is written as an integer', { nodes: node });
    return Number(node.value);
  },
});

export const JsonScalar = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: 'JSON',
  description: 'The value of a column, as JSON. An integer past 2^53 is a string of digits',
  serialize: exactJson,
});

export const Upload = new GraphQLScalarType({
  ...GraphQLUpload.toConfig(),
  name: 'Upload',
  description: 'A file, sent as a part of a GraphQL multipart request',
});
