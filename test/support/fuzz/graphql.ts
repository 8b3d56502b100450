/**
 * GraphQL operations for fuzzing: every query and mutation of a schema with inputs that fit, nearly fit or do not, and
 * documents that are broken or made to hurt.
 */
import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { RestInput } from './rest.js';
import { byteChanges, changed, changes, hostileJson, hostileNumber, hostileText, withByteChanges } from './value.js';

/** The body of a request. */
export interface GraphQLInput {
  readonly query: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
}

const IDS = ['§origin0§', '§origin1§', '§origin2§', '§origin3§', '§spare§', '§restore§', '§nobody§'];
const FITTING: Readonly<Record<string, readonly string[]>> = {
  database: ['northbound', 'other'],
  name: ['fuzz'],
  switches: ['ls-a', 'ls-b'],
  routers: ['lr1'],
  from: ['ls-a', 'lr1'],
  to: ['ls-b', 'since'],
};
/** Arguments of lists inside answers. */
const INNER = [
  '',
  '(first: 3)',
  '(first: 0)',
  '(first: -1)',
  '(first: 2147483648)',
  '(after: "x")',
  '(first: null)',
  '(table: "ACL")',
  '(kind: UPDATE)',
  '(kind: "UPDATE")',
];
const repeat = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');

/** Documents that are wrong, or right and too much. */
const NASTY = [
  '',
  ' ',
  '{',
  '}',
  '{}',
  '{ }',
  '#',
  '"',
  '"""',
  'query',
  'query Q',
  'query Q(',
  '{ viewer',
  '{ viewer { subject } } }',
  '{ viewer { subject } } { viewer { subject } }',
  'query A { viewer { subject } } query A { viewer { subject } }',
  '\ufeff{ viewer { subject } }',
  '{ viewer\u0000 { subject } }',
  '{ __proto__ }',
  '{ constructor { name } }',
  '{ ...A } fragment A on Query { ...A }',
  '{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A viewer { subject } }',
  '{ ...A } fragment A on Nothing { x }',
  'fragment A on Query { viewer { subject } }',
  '{ ... on Backup { id } }',
  '{ backups { nodes { ...B } } } fragment B on Backup { name ...B }',
  `{ ${repeat(200, (n) => `a${String(n)}: viewer { subject }`)} }`,
  `{ ${repeat(900, () => 'viewer { subject }')} }`,
  `{ viewer { ${repeat(1_500, () => 'subject')} } }`,
  `{ ${'a { '.repeat(500)} b ${'} '.repeat(500)} }`,
  `{ viewer ${'@skip(if: false) '.repeat(200)} { subject } }`,
  `{ viewer @skip(if: ${'['.repeat(900)}1${']'.repeat(900)}) { subject } }`,
  `{ restores(first: ${'9'.repeat(400)}) { totalCount } }`,
  '{ restores(first: 1e400) { totalCount } }',
  '{ backup(id: 1.5) { id } }',
  '{ backup(id: {a: 1}) { id } }',
  '{ backup(id: $x) { id } }',
  'query Q($a: String = "x", $a: Int) { viewer { subject } }',
  'query Q($x: Query) { viewer { subject } }',
  'query Q($x: [[[[ID!]!]!]!]!) { backup(id: $x) { id } }',
  'query Q($x: Nothing) { viewer { subject } }',
  'query Q($unused: Int = 1.5) { viewer { subject } }',
  'subscription { restoreActivity { phase } }',
  'subscription { a: restoreActivity { phase } b: restoreActivity { phase } }',
  'subscription { backupProgress(jobId: "x") { phase } }',
  'mutation { deleteBackup(id: "") }',
  'mutation { deleteBackup }',
  'type Query { x: Int }',
  'schema { query: Query }',
  'extend type Query { x: Int }',
  'query Q @deprecated { viewer { subject } }',
  '{ viewer @include { subject } }',
  '{ viewer @nothing { subject } }',
  '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }',
  '{ __type(name: "Query") { name } }',
  '{ __typename }',
  `# ${'x'.repeat(60_000)}\n{ viewer { subject } }`,
  `{ backup(id: "${'x'.repeat(60_000)}") { id } }`,
  `{ ${'x'.repeat(60_000)} }`,
  'query ($k: String = "§key§") { backup(id: $k) { nothing } }',
  '{ validateBackup(id: "x", decryptionKey: "§key§") { valid } }',
  'mutation { validateBackup(id: "x", decryptionKey: "§key§ }',
  'mutation { validateBackup(id: "x", decryptionKey: §key§) { valid } }',
  'mutation { validateBackup(id: "x", decryptionKey: ["§key§"]) { valid } }',
  'mutation { createBackup(input: {name: "x", encryptionKey: "§key§", nothing: 1}) { id } }',
];

export class GraphQLShapes {
  constructor(private readonly schema: GraphQLSchema) {}

  /** Any operation. */
  input(): fc.Arbitrary<GraphQLInput> {
    const valid = this.operation();
    return fc.oneof(
      { arbitrary: valid, weight: 8 },
      {
        arbitrary: fc.tuple(valid, changes).map(([input, list]) => ({
          ...input,
          variables: changed(
            input.variables,
            list.filter(({ kind }) => kind !== 'SWAP'),
          ),
        })),
        weight: 6,
      },
      {
        arbitrary: fc.tuple(valid, byteChanges).map(([input, list]) => ({
          ...input,
          query: withByteChanges(Buffer.from(String(input.query)), list).toString(),
        })),
        weight: 3,
      },
      {
        arbitrary: fc.tuple(fc.constantFrom(...NASTY), hostileJson).map(([query, variables]) => ({ query, variables })),
        weight: 3,
      },
      {
        arbitrary: fc
          .record(
            { query: fc.oneof(hostileText, hostileJson), variables: hostileJson, operationName: hostileJson },
            { requiredKeys: [] },
          )
          .map((made) => ({ query: '{ viewer { subject } }', ...made })),
        weight: 2,
      },
      {
        arbitrary: fc
          .tuple(valid, fc.oneof(hostileText, hostileJson))
          .map(([input, operationName]) => ({ ...input, operationName })),
        weight: 1,
      },
    );
  }

  /** An operation as a request over HTTP; some in an envelope that does not fit. */
  request(): fc.Arbitrary<RestInput> {
    const post = (body: string | Uint8Array, ...headers: readonly (readonly [string, string])[]): RestInput => ({
      method: 'POST',
      target: '/graphql',
      headers,
      body,
    });
    const json = ['Content-Type', 'application/json'] as const;
    const types = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'application/graphql',
      'application/x-www-form-urlencoded',
      'application/graphql-response+json',
      '',
      ';',
    );
    return fc.oneof(
      { arbitrary: this.input().map((input) => post(JSON.stringify(input), json)), weight: 16 },
      {
        arbitrary: fc
          .tuple(this.input(), types, types)
          .map(([input, type, accept]) => post(JSON.stringify(input), ['Content-Type', type], ['Accept', accept])),
        weight: 1,
      },
      {
        arbitrary: fc
          .tuple(this.input(), byteChanges)
          .map(([input, list]) =>
            post(withByteChanges(Buffer.from(JSON.stringify(input).replaceAll('§key§', 'a key')), list), json),
          ),
        weight: 1,
      },
      {
        arbitrary: fc
          .oneof(hostileJson, fc.array(this.input(), { maxLength: 3 }))
          .map((body) => post(JSON.stringify(body), json)),
        weight: 1,
      },
      {
        arbitrary: fc
          .tuple(
            fc.constantFrom('GET', 'PUT', 'OPTIONS', 'HEAD', 'DELETE'),
            fc.constantFrom('', '?query={viewer{subject}}', '?query=%7B', '?variables=%'),
          )
          .map(([method, query]): RestInput => ({ method, target: `/graphql${query}`, headers: [], body: undefined })),
        weight: 1,
      },
      { arbitrary: multipart(this.input()), weight: 2 },
    );
  }

  /** A valid operation: one field of the root, its arguments as variables or written into the document. */
  private operation(): fc.Arbitrary<GraphQLInput> {
    const fields = (['Query', 'Mutation'] as const).flatMap((root) =>
      Object.values(
        (root === 'Query' ? this.schema.getQueryType() : this.schema.getMutationType())?.getFields() ?? {},
      ).map((field) => ({ root, field })),
    );
    return fc.oneof(...fields.map(({ root, field }) => this.call(root === 'Query' ? 'query' : 'mutation', field)));
  }

  private call(
    kind: 'query' | 'mutation',
    { name, args, type }: GraphQLField<unknown, unknown>,
  ): fc.Arbitrary<GraphQLInput> {
    const values = fc.tuple(
      ...args.map((arg) =>
        fc.tuple(isNonNullType(arg.type) ? fc.constant(true) : fc.boolean(), this.value(arg.type, arg.name)),
      ),
    );
    return fc
      .record({
        values,
        inline: fc.nat({ max: 3 }),
        depth: fc.integer({ min: 1, max: 4 }),
        inner: fc.constantFrom(...INNER),
      })
      .map(({ values: given, inline, depth, inner }) => {
        const used = args.flatMap((arg, i) => (given[i]?.[0] === true ? [{ arg, value: given[i][1] }] : []));
        const selection = selectionOf(type, depth, inner);
        if (inline === 0) {
          const written = used.map(({ arg, value }) => `${arg.name}: ${literal(value)}`).join(', ');
          return { query: `${kind} { ${name}${written === '' ? '' : `(${written})`} ${selection} }` };
        }
        const declared = used.map(({ arg }) => `$${arg.name}: ${String(arg.type)}`).join(', ');
        const passed = used.map(({ arg }) => `${arg.name}: $${arg.name}`).join(', ');
        return {
          query: `${kind} Fuzz${declared === '' ? '' : `(${declared})`} { ${name}${passed === '' ? '' : `(${passed})`} ${selection} }`,
          variables: Object.fromEntries(used.map(({ arg, value }) => [arg.name, value])),
        };
      });
  }

  /** Mostly what the type wants. */
  private value(type: GraphQLInputType, name: string): fc.Arbitrary<unknown> {
    return fc.oneof({ arbitrary: this.fitting(type, name), weight: 15 }, { arbitrary: hostileJson, weight: 1 });
  }

  private fitting(type: GraphQLInputType, name: string): fc.Arbitrary<unknown> {
    if (isNonNullType(type)) return this.fitting(type.ofType, name);
    if (isListType(type)) return fc.array(this.fitting(type.ofType, name), { maxLength: 3 });
    if (isEnumType(type)) return fc.constantFrom(...type.getValues().map((value) => value.name));
    if (isInputObjectType(type)) {
      const members = Object.values(type.getFields()).map((field) => {
        // waiting for northd, which does not run here, takes a second
        const share = isNonNullType(field.type) ? 1 : field.name === 'sync' ? 50 : 3;
        return fc
          .tuple(this.value(field.type, field.name), fc.nat({ max: share === 1 ? 15 : share }))
          .map(([value, pick]): [string, unknown][] =>
            (share === 1 ? pick !== 0 : pick === 0) ? [[field.name, value]] : [],
          );
      });
      return fc.tuple(...members).map((lists) => Object.fromEntries(lists.flat()));
    }
    switch (type.name) {
      case 'ID':
        return fc.oneof(
          { arbitrary: fc.constantFrom(...(FITTING[name] ?? IDS)), weight: 5 },
          { arbitrary: hostileText, weight: 1 },
        );
      case 'Int':
      case 'Float':
      case 'BigInt':
        return fc.oneof(fc.integer({ min: 0, max: 10 }), hostileNumber);
      case 'Boolean':
        return fc.boolean();
      default:
        if (/key$/i.test(name))
          return fc.oneof({ arbitrary: fc.constant('§key§'), weight: 3 }, { arbitrary: hostileText, weight: 1 });
        return fc.oneof(
          { arbitrary: FITTING[name] === undefined ? hostileText : fc.constantFrom(...FITTING[name]), weight: 4 },
          { arbitrary: hostileText, weight: 1 },
        );
    }
  }
}

/** Every field that needs no argument, so many levels deep. */
function selectionOf(type: GraphQLOutputType, depth: number, inner: string): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields());
  const leaves = fields.filter((field) => isLeafType(getNamedType(field.type))).map((field) => field.name);
  const nodes =
    depth <= 1
      ? []
      : fields
          .filter((field) => !isLeafType(getNamedType(field.type)))
          .map(
            (field) =>
              `${field.name}${field.args.length === 0 ? '' : inner} ${selectionOf(field.type, depth - 1, inner)}`,
          );
  return `{ ${['__typename', ...leaves, ...nodes].join(' ')} }`;
}

/** A value as it is written in a document. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([name, member]) => `${name}: ${literal(member)}`)
      .join(', ')}}`;
  if (typeof value === 'string' && /^[A-Z]{2,}$/.test(value)) return value;
  return JSON.stringify(value);
}

/** A GraphQL multipart request with a map that may point anywhere. */
function multipart(inputs: fc.Arbitrary<GraphQLInput>): fc.Arbitrary<RestInput> {
  const upload: GraphQLInput = {
    query: 'mutation ($input: ImportBackupInput!) { importBackup(input: $input) { id } }',
    variables: { input: { file: null } },
  };
  const map = fc.oneof(
    {
      arbitrary: fc.constantFrom(
        '{"0":["variables.input.file"]}',
        '{"0":["variables.input.file","variables.input.file"]}',
        '{"0":["__proto__.x"]}',
        '{"0":["variables.constructor.prototype.x"]}',
        '{"0":["variables.hasOwnProperty.call"]}',
        '{"0":["toString.call"]}',
        '{"0":["query"]}',
        '{"0":[]}',
        '{"0":"x"}',
        '{"x":["variables.input.file"]}',
        '[]',
        'null',
        '{',
        '',
      ),
      weight: 3,
    },
    { arbitrary: hostileJson.map((value) => JSON.stringify(value)), weight: 1 },
  );
  return fc
    .record({
      input: fc.oneof(fc.constant(upload), inputs),
      map,
      file: fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.constant(Buffer.from('{"format":"ovncp-backup/1"}'))),
      order: fc.constantFrom('omf', 'mof', 'om', 'of', 'f', 'omff', 'fom'),
      header: fc.boolean(),
    })
    .map(({ input, map: to, file, order, header }): RestInput => {
      const parts = {
        o: ['name="operations"', JSON.stringify(input)],
        m: ['name="map"', to],
        f: ['name="0"; filename="../x\u0000.json"', Buffer.from(file).toString('latin1')],
      } as const;
      const body = order
        .split('')
        .map((part) => `--b\r\nContent-Disposition: form-data; ${parts[part as 'o' | 'm' | 'f'].join('\r\n\r\n')}\r\n`)
        .join('');
      return {
        method: 'POST',
        target: '/graphql',
        headers: [
          ['Content-Type', 'multipart/form-data; boundary=b'],
          ...(header ? [['apollo-require-preflight', 'true'] as const] : []),
        ],
        body: `${body}--b--\r\n`,
      };
    });
}
