/**
 * What GraphQL itself finds wrong with an operation, in words that say where and what to do. Its own messages quote
 * what they do not like, and that may be an encryption key, or the part of one that a forgotten quotation mark left
 * over.
 */
import {
  type ArgumentNode,
  type ASTNode,
  type GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type ObjectFieldNode,
  OperationTypeNode,
  parse,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { PICKED_WITH_OTHERS } from '../../service/backup/filter-input.js';
import { OWN_SPELLING, spelled } from '../../service/command/spelling.js';
import { formOf, type Misfit } from './value-form.js';

/** What the errors of an operation are told with. */
export interface Telling {
  readonly schema: GraphQLSchema;
  /** Whether callers may know what else the schema has. */
  readonly introspection: boolean;
}

/** Messages of the parser, the limits and the choice of an operation, and ours. */
const IN_OUR_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /^Syntax Error: Document contains more that (\d+) tokens\. Parsing aborted\.$/,
    'The document has more than $1 tokens (names, numbers, texts and signs): send several smaller ones, and long ' +
      'lists of values as variables',
  ],
  [
    /^Syntax Error: Query depth limit of (\d+) exceeded, found (\d+)\.$/,
    'The operation has a depth of $2 levels, more than the limit of $1: ask for fewer levels, and for the rest in an ' +
      'operation of its own',
  ],
  [
    /^Syntax Error: Aliases limit of (\d+) exceeded, found (\d+)\.$/,
    'The operation has $2 aliases, more than the limit of $1: send several operations with fewer each',
  ],
  [
    /^Syntax Error: Directives limit of (\d+) exceeded, found (\d+)\.$/,
    'The operation has $2 directives, more than the limit of $1: send several operations with fewer each',
  ],
  [
    /^Syntax Error: Expected (.+?), found <EOF>\.$/,
    'Syntax Error: the operation ends too early, where $1 is expected: is a closing bracket missing?',
  ],
  [
    /^Field "(\w{1,64})\.(\w{1,64})" of required type "([^"]+)" was not provided\.$/,
    '$1 needs the field "$2", of type "$3": give it a value',
  ],
  [
    /^Must provide operation name if query contains multiple operations\.$/,
    'The document has several operations: name the one that is to run in "operationName", beside "query"',
  ],
  [
    /^Unknown operation named "(\w{1,64})"\.$/,
    'The document has no operation named "$1": "operationName" takes the name of one that it has',
  ],
];

/** Its message without any value of the caller's, and with what to do where that is known. */
export function graphQLFault(error: GraphQLError, telling: Telling | undefined): string {
  const { message } = error;
  for (const [theirs, ours] of IN_OUR_WORDS) if (theirs.test(message)) return message.replace(theirs, ours);
  if (message.startsWith('Syntax Error: ')) {
    return message
      .replace(/ (String|BlockString|Int|Float) ".*$/s, ' $1')
      .replace(/: ".*$/s, '')
      .replace(/^(Syntax Error: Expected .*?, found) Name ".*$/s, '$1 a name')
      .replace(/^(Syntax Error: Unexpected) Name ".*$/s, '$1 name');
  }
  const elsewhere = soughtElsewhere(message);
  if (elsewhere !== undefined) return elsewhere;
  const node = error.nodes?.[0];
  if (node === undefined || !isValue(node) || message.startsWith('Field "')) return withNested(message, telling);
  return literalFault(node, telling?.schema) ?? 'A value is not of the type that is expected here';
}

/** Of a field of a filter that there is not, and what to name instead; undefined of any other message. */
export function soughtElsewhere(message: string): string | undefined {
  const [told = '', name = ''] = /^Field "(\w{1,64})" is not defined by type "ResourceFilterInput"/.exec(message) ?? [];
  const instead = Object.hasOwn(PICKED_WITH_OTHERS, name) ? PICKED_WITH_OTHERS[name] : undefined;
  return instead === undefined ? undefined : `${told}: ${spelled(instead, OWN_SPELLING)}`;
}

function isValue(node: ASTNode): node is ValueNode {
  return node.kind.endsWith('Value');
}

/** The field that a value in the text of an operation is given to, and what that takes. */
function literalFault(value: ValueNode, schema: GraphQLSchema | undefined): string | undefined {
  const { loc } = value;
  if (loc === undefined || schema === undefined) return undefined;
  const types = new TypeInfo(schema);
  let fault: string | undefined;
  visit(
    parse(loc.source.body),
    visitWithTypeInfo(types, {
      enter(node, _key, parent, _path, ancestors) {
        if (fault !== undefined || node.loc?.start !== loc.start || node.kind !== value.kind) return;
        const type = types.getInputType();
        if (type === null || type === undefined) return;
        const place = [...namesOf([...ancestors, ...(parent === undefined ? [] : [parent])])].join('.');
        fault = `${place}: ${formOf(type, misfitOf(value))}`;
      },
    }),
  );
  return fault;
}

function* namesOf(ancestors: readonly (ASTNode | readonly ASTNode[])[]): Generator<string> {
  for (const each of ancestors) {
    if (!('kind' in each)) continue;
    if (each.kind === Kind.VARIABLE_DEFINITION) yield `$${each.variable.name.value}`;
    if (isNamed(each)) yield each.name.value;
  }
}

function isNamed(node: ASTNode): node is ArgumentNode | ObjectFieldNode {
  return node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD;
}

function misfitOf(node: ValueNode): Misfit {
  const isQuoted = node.kind === Kind.STRING;
  if (isQuoted || node.kind === Kind.ENUM) return { value: node.value, isLiteral: true, isQuoted };
  if (node.kind === Kind.INT) return { value: Number(node.value), isLiteral: true };
  return { value: node.kind === Kind.NULL ? null : undefined, isLiteral: true };
}

/** Of a field that a type does not have: where below it there is one, such as in the nodes of a page. */
function withNested(message: string, telling: Telling | undefined): string {
  const [, name = '', on = ''] = /^Cannot query field "(\w{1,64})" on type "(\w{1,64})"/.exec(message) ?? [];
  const type = telling?.introspection === true ? telling.schema.getType(on) : undefined;
  if (telling === undefined || !isObjectType(type)) return message;
  const roots = Object.values(OperationTypeNode).map((kind) => ({ kind, root: telling.schema.getRootType(kind) }));
  const other = roots.find(({ root }) => root?.getFields()[name] !== undefined);
  if (other !== undefined && roots.some(({ root }) => root === type))
    return `"${name}" is a ${other.kind}, and not a ${on.toLowerCase()}: write "${other.kind} { ${name} ... }"`;
  const holder = Object.values(type.getFields()).find((field) => {
    const inside = getNamedType(field.type);
    return isObjectType(inside) && Object.hasOwn(inside.getFields(), name);
  });
  if (holder === undefined) return message;
  return `Cannot query field "${name}" on type "${on}". Did you mean "${holder.name} { ${name} }"?`;
}
