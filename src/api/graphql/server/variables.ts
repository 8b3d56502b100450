/**
 * Checks the variables of an operation before it runs. GraphQL's own message quotes the value
 * that does not fit, which may be an encryption key: these say the place and what is expected.
 */

import type { GraphQLInputType, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import {
  coerceInputValue,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
} from 'graphql';
import { mistakesError } from '../../../lib/error.js';
import { soughtElsewhere } from '../../http/graphql-fault.js';
import { formOf } from '../../http/value-form.js';

const FAULTS_MAX = 10;
/** Messages of coerceInputValue that hold names of the schema or of fields, and no values. */
const DEFINED = 'is not defined by type "[^"]+"(?:\\. Did you mean [\\w", ]+\\?)?';
const HARMLESS = new RegExp(`^Field "\\w{1,64}" (?:of required type "[^"]+" was not provided|${DEFINED})`);

/** @throws AppError BAD_USER_INPUT that lists up to ten faults */
export function checkVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const faults: string[] = [];
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (type === undefined || !isInputType(type)) continue;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined) {
      if (definition.defaultValue === undefined && isNonNullType(type))
        faults.push(`Variable "$${name}" of type "${String(type)}" is missing`);
      continue;
    }
    coerceInputValue(value, type, (path, given, error) => {
      if (faults.length < FAULTS_MAX)
        faults.push(`Variable "$${placeOf(name, path)}": ${expectation(error.message, type, { path, value: given })}`);
    });
  }
  if (faults.length > 0) throw mistakesError(faults);
}

function placeOf(name: string, path: readonly (string | number)[]): string {
  return path.reduce<string>((place, key) => (typeof key === 'number' ? `${place}[${key}]` : `${place}.${key}`), name);
}

function expectation(
  message: string,
  type: GraphQLInputType,
  { path, value }: { readonly path: readonly (string | number)[]; readonly value: unknown },
): string {
  const elsewhere = soughtElsewhere(message);
  if (elsewhere !== undefined) return elsewhere;
  const harmless = HARMLESS.exec(message)?.[0];
  if (harmless !== undefined)
    return harmless.replace(
      /^Field "(\w+)" of required type ("[^"]+") was not provided$/,
      'needs the field "$1", of type $2: give it a value',
    );
  const expected = typeAt(type, path);
  if (expected === undefined) return 'is not of the expected type';
  return formOf(expected, { value });
}

function typeAt(type: GraphQLInputType, path: readonly (string | number)[]): GraphQLInputType | undefined {
  let current: GraphQLInputType | undefined = type;
  for (const key of path) {
    let container: unknown = current === undefined ? undefined : getNullableType(current);
    // A single value stands for a list of one.
    while (isListType(container) && typeof key === 'string')
      container = getNullableType(container.ofType as GraphQLInputType);
    if (isListType(container)) current = container.ofType as GraphQLInputType;
    else if (isInputObjectType(container) && typeof key === 'string') current = container.getFields()[key]?.type;
    else return undefined;
  }
  return current;
}
