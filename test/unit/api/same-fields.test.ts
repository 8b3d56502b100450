/** Both faces tell the same of restores, backups, jobs, comparisons, rows, the audit trail and databases. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLObjectType, type GraphQLType, getNamedType, isObjectType } from 'graphql';
import { snakeCase } from '../../../src/api/rest/common/snake-case.js';
import { openApiDocument } from '../../../src/api/rest/openapi/openapi-document.js';
import { restRoutes } from '../../../src/api/rest/routes.js';

interface Pair {
  readonly type: string;
  /** Name in the OpenAPI document. */
  readonly shape: string;
  /** Fields of GraphQL whose own fields REST has in their place. */
  readonly inline?: readonly string[];
  /** What GraphQL calls a field, and what REST calls it. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** A field that one face has alone, or all that begin with it -> why. */
  readonly onlyGraphQL?: Readonly<Record<string, string>>;
  readonly onlyRest?: Readonly<Record<string, string>>;
}

const OWN_ADDRESS = 'REST has its id, and the backup at an address of its own';
const PAIRS: readonly Pair[] = [
  {
    type: 'Backup',
    shape: 'Backup',
    onlyGraphQL: { parent: OWN_ADDRESS },
    onlyRest: { parent_id: 'GraphQL has the backup itself' },
  },
  {
    type: 'Restore',
    shape: 'RestoreResult',
    inline: ['result'],
    renamed: { id: 'restore_id' },
    onlyGraphQL: {
      backup: OWN_ADDRESS,
      'progress.restore_id': 'there for subscriptions, which REST does not have',
      'progress.result': 'there for subscriptions, which REST does not have',
      'progress.backup_id': 'there for subscriptions, which REST does not have',
      'progress.database': 'there for subscriptions, which REST does not have',
      'progress.dry_run': 'there for subscriptions, which REST does not have',
      'progress.undo_of_id': 'there for subscriptions, which REST does not have',
      'details.resource': 'it is the key of the details',
      page_info: 'pages of changes have an address of their own',
    },
    onlyRest: { debug: 'for the header X-Debug, which the document of the product names' },
  },
  {
    type: 'BackupJob',
    shape: 'Job',
    inline: ['progress'],
    onlyGraphQL: {
      backup: OWN_ADDRESS,
      job_id: 'there for subscriptions, which REST does not have',
      at: 'there for subscriptions, which REST does not have',
    },
  },
  {
    type: 'Drill',
    shape: 'Drill',
    onlyGraphQL: { backup: OWN_ADDRESS },
    onlyRest: { backup_id: 'GraphQL has the backup itself' },
  },
  { type: 'ConfigurationDiff', shape: 'DiffResult' },
  { type: 'ConfigurationRow', shape: 'ConfigurationRow' },
  { type: 'AuditEntry', shape: 'AuditEntry' },
  { type: 'AuditCheck', shape: 'AuditCheck' },
  {
    type: 'Database',
    shape: 'Database',
    onlyGraphQL: {
      last_backup: OWN_ADDRESS,
      last_restore: 'REST has its id, and the restore at an address of its own',
    },
    onlyRest: { last_backup_id: 'GraphQL has the backup itself', last_restore_id: 'GraphQL has the restore itself' },
  },
  { type: 'VerifyReport', shape: 'VerifyReport' },
  { type: 'RetentionReport', shape: 'RetentionReport' },
  { type: 'PageInfo', shape: 'PageInfo' },
  { type: 'ExportAddress', shape: 'ExportAddress' },
  {
    type: 'ValidationReport',
    shape: 'Validation',
    onlyRest: { message: 'the document of the product has it' },
  },
];
/** Types that are looked up by themselves: of a field of them only its own name counts. */
const LINKED: ReadonlySet<string> = new Set(['Backup', 'Restore', 'BackupJob', 'Drill']);
/** Lists of names with numbers, which are objects in REST. */
const COUNTED: ReadonlySet<string> = new Set(['TableCount']);

const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../../schema/schema.graphql'), 'utf8'));
const document = openApiDocument(restRoutes({} as Parameters<typeof restRoutes>[0]), 'test') as {
  readonly components: { readonly schemas: Readonly<Record<string, Shape>> };
};

interface Shape {
  readonly $ref?: string;
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
}

const isRow = (type: GraphQLType): boolean => {
  const { name } = getNamedType(type);
  return !LINKED.has(name) && !COUNTED.has(name);
};

/** Of a type and of what is inside: `changes.columns.column`. */
function namesOfType(type: GraphQLObjectType, { inline = [], renamed = {} }: Pair, place = ''): readonly string[] {
  return Object.values(type.getFields()).flatMap(({ name, type: ofField }) => {
    const inside = getNamedType(ofField);
    const at = `${place}${place === '' ? (renamed[name] ?? snakeCase(name)) : snakeCase(name)}`;
    if (!isObjectType(inside) || !isRow(ofField)) return [at];
    if (place === '' && inline.includes(name)) return namesOfType(inside, { type: '', shape: '' });
    if (!inside.name.endsWith('Connection')) return [at, ...namesOfType(inside, { type: '', shape: '' }, `${at}.`)];
    const node = getNamedType(inside.getFields()['nodes']?.type as GraphQLType) as GraphQLObjectType;
    const page = getNamedType(inside.getFields()['pageInfo']?.type as GraphQLType) as GraphQLObjectType;
    return [
      ...[at, `${at}_total`, 'page_info'],
      ...namesOfType(node, { type: '', shape: '' }, `${at}.`),
      ...namesOfType(page, { type: '', shape: '' }, 'page_info.'),
    ];
  });
}

function namesOfShape(shape: Shape, place = ''): readonly string[] {
  const { $ref, anyOf = [], items, properties = {}, additionalProperties } = shape;
  const name = $ref?.split('/').at(-1) ?? '';
  const referred = place !== '' && LINKED.has(name) ? undefined : document.components.schemas[name];
  const inside = [referred, items, additionalProperties, ...anyOf].filter(
    (one): one is Shape => typeof one === 'object',
  );
  return [
    ...inside.flatMap((one) => namesOfShape(one, place)),
    ...Object.entries(properties).flatMap(([name, one]) => [
      `${place}${name}`,
      ...namesOfShape(one, `${place}${name}.`),
    ]),
  ];
}

const isExcused = (name: string, reasons: Readonly<Record<string, string>> = {}): boolean =>
  Object.keys(reasons).some((excused) => name === excused || name.startsWith(`${excused}.`));

it.each(PAIRS.map((pair) => [pair.type, pair] as const))('%s', (_type, pair) => {
  const type = schema.getType(pair.type) as GraphQLObjectType;
  const shape = document.components.schemas[pair.shape] as Shape;
  const [ofGraphQL, ofRest] = [new Set(namesOfType(type, pair)), new Set(namesOfShape(shape))];
  expect(ofGraphQL.size).toBeGreaterThan(1);
  const { onlyGraphQL = {}, onlyRest = {} } = pair;
  expect({
    restLacks: [...ofGraphQL].filter((name) => !ofRest.has(name) && !isExcused(name, onlyGraphQL)),
    graphQLLacks: [...ofRest].filter((name) => !ofGraphQL.has(name) && !isExcused(name, onlyRest)),
  }).toEqual({ restLacks: [], graphQLLacks: [] });
  // an excuse for what both have by now is none
  for (const [reasons, own, others] of [
    [onlyGraphQL, ofGraphQL, ofRest],
    [onlyRest, ofRest, ofGraphQL],
  ] as const)
    for (const name of Object.keys(reasons))
      expect({ name, own: own.has(name), others: others.has(name) }).toEqual({ name, own: true, others: false });
});

it('what is compared is all that both faces answer with, but for lists of it', () => {
  const shapes = Object.keys(document.components.schemas).filter((name) => /^[A-Z]/.test(name));
  expect(shapes).toEqual(expect.arrayContaining(PAIRS.map(({ shape }) => shape)));
  for (const { type } of PAIRS) expect(isObjectType(schema.getType(type))).toBe(true);
});
