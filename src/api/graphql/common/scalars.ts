/** The contract's scalars. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { GraphQLBigInt, GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import { GraphQLUpload } from 'graphql-upload-minimal';
import { exactJson } from '../../http/exact-json.js';

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'RFC 3339 instant in UTC, e.g. 2026-01-15T10:30:00.000Z',
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: (value) => GraphQLDateTimeISO.parseValue(value),
  parseLiteral: (node: ValueNode) => GraphQLDateTimeISO.parseLiteral(node, undefined),
});

/** Inputs have none of it; it is for counts that may pass 32 bits. */
export const BigIntScalar = new GraphQLScalarType<number, number>({
  name: 'BigInt',
  description: 'A count of bytes or rows that may pass 2^31: an integer JSON number, exact up to 2^53 - 1',
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
  description: 'Any JSON value, as stored in a column. An integer past 2^53 is a string of digits',
  serialize: exactJson,
});

export const Upload = new GraphQLScalarType({
  ...GraphQLUpload.toConfig(),
  name: 'Upload',
  description: 'A file part of a GraphQL multipart request',
});
