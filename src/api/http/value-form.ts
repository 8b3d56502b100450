/**
 * What form a value of GraphQL takes, for whoever gave one that does not fit: a word of an enum, a number, an instant.
 * The value itself is not told, as it may be a key in the wrong place; only what looks like the name of a value is.
 */
import {
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { andNot } from '../../lib/text/wrong-value.js';

/** A value that does not fit. */
export interface Misfit {
  /** As JSON has it; undefined for what is no text and no number. */
  readonly value?: unknown;
  /** It stands in the text of the operation. */
  readonly isLiteral?: boolean;
  /** It stands there in quotes, which the words of an enum do not have. */
  readonly isQuoted?: boolean;
}

const INT_MAX = 2_147_483_647;
/** What a scalar takes, by its name. */
const FORMS: Readonly<Record<string, string>> = {
  String: 'takes a text, in double quotes',
  ID: 'takes an id, in double quotes',
  Boolean: 'takes true or false, without quotes',
  Int: 'takes a whole number, without quotes, such as 10',
  Float: 'takes a number, without quotes, such as 0.5',
  DateTime: 'takes an instant like "2026-01-15T10:30:00Z"',
  Upload:
    'takes a file, which JSON cannot hold: send a multipart request, with the form fields "operations", "map" and ' +
    'the file, and the header "apollo-require-preflight: true"',
};

/** What a type takes: "takes true or false, without quotes". */
export function formOf(type: GraphQLInputType, misfit: Misfit): string {
  const nullable = getNullableType(type);
  const one = formOfOne(getNamedType(type), misfit);
  const form = isListType(nullable) ? `takes a list; each of its items ${one}` : one;
  return isNonNullType(type) && misfit.value === null ? `${form}, and not null` : form;
}

function formOfOne(type: GraphQLNamedInputType, misfit: Misfit): string {
  if (isEnumType(type)) return wordOf(type, misfit);
  if (isInputObjectType(type)) return objectOf(type, misfit);
  const { value } = misfit;
  if (type.name === 'Int' && typeof value === 'number' && Number.isInteger(value))
    return `takes a whole number from -${INT_MAX + 1} to ${INT_MAX}`;
  return FORMS[type.name] ?? `takes a value of type ${type.name}`;
}

/** One of the words of an enum, and which of them is meant, where that is plain. */
function wordOf(type: GraphQLEnumType, { value, isQuoted = false }: Misfit): string {
  const names = type.getValues().map(({ name }) => name);
  const list = `takes one of ${names.join(', ')}`;
  const meant = typeof value === 'string' ? names.find((name) => name === value.toUpperCase()) : undefined;
  if (meant === undefined) return `${list}${isQuoted ? ', without quotes' : andNot(value)}`;
  const ways = [...(value === meant ? [] : ['in upper case']), ...(isQuoted ? ['without quotes'] : [])];
  return `${list}: write ${meant}, ${ways.join(' and ')}`;
}

function objectOf(type: GraphQLInputObjectType, { isLiteral = false }: Misfit): string {
  const fields = Object.values(type.getFields());
  const name = (fields.find(isRequiredInputField) ?? fields[0])?.name ?? '';
  return `takes an object like ${isLiteral ? `{${name}: ...}` : `{"${name}": ...}`}`;
}
