/**
 * What a member's file is after a conversion to another schema, against ovsdb-server itself: for pairs of types and
 * values of them, the value that a real server makes of it, or its refusal.
 */
import { readFile } from 'node:fs/promises';
import { canonicalText } from '../../../src/archive/content/snapshot-builder.js';
import { plainRow } from '../../../src/model/row/row-change.js';
import { readDatabaseSchema, type TableSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json, JsonObject } from '../../../src/ovsdb/json.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { failureOf, textsOf, unpack } from '../../support/databases/every-kind.js';
import { memberFile } from '../../support/databases/member-file.js';
import { isList, isObject } from '../../support/judge/exact-json.js';
import { lawSample } from '../../support/law-runs.js';
import { serverOf } from '../../support/servers/schema-server.js';

const ROW = '11111111-0000-4000-8000-000000000000';
const UUID: Json = ['uuid', '22222222-0000-4000-8000-000000000000'];

/** Its default is not allowed: no row has it. */
const ONE_OF: Json = { key: { type: 'string', enum: ['set', ['a', 'b']] } };

/** Types of a column, each with values of it; the default is one more. */
const TYPES: readonly (readonly [type: Json, ...values: Json[]])[] = [
  ['string', 'a', '5', 'long text'],
  ['integer', 5, 70],
  ['real', 5, 2.5],
  ['boolean', true],
  ['uuid', UUID],
  [{ key: 'string', min: 0, max: 1 }, 'a', ''],
  [{ key: 'integer', min: 0, max: 1 }, 5, 0],
  [{ key: 'boolean', min: 0, max: 1 }, false],
  [{ key: 'string', min: 0, max: 'unlimited' }, 'a', ['set', ['a', 'b', 'c']]],
  [{ key: 'string', min: 1, max: 'unlimited' }, 'b', ['set', ['a', 'b']]],
  [{ key: 'string', min: 0, max: 2 }, ['set', ['a', 'b']]],
  [{ key: 'integer', min: 0, max: 3 }, ['set', [1, 5, 70]]],
  [{ key: 'real', min: 0, max: 'unlimited' }, ['set', [1.5, 5]]],
  [{ key: 'uuid', min: 0, max: 'unlimited' }, ['set', [UUID]]],
  [
    { key: 'string', value: 'string', min: 0, max: 'unlimited' },
    [
      'map',
      [
        ['a', '5'],
        ['b', ''],
      ],
    ],
  ],
  [{ key: 'string', value: 'integer', min: 0, max: 'unlimited' }, ['map', [['a', 5]]]],
  [{ key: 'integer', value: 'string', min: 0, max: 'unlimited' }, ['map', [[5, 'a']]]],
  [{ key: 'string', value: 'real', min: 0, max: 1 }, ['map', [['a', 1.5]]]],
  [{ key: 'string', value: 'string', min: 1, max: 2 }, ['map', [['a', 'b']]]],
  [ONE_OF, 'a'],
  [{ key: { type: 'string', enum: ['set', ['a', 'b']] }, min: 0, max: 2 }, ['set', ['a', 'b']]],
  [{ key: { type: 'integer', minInteger: 0, maxInteger: 10 } }, 7],
  [{ key: { type: 'string', maxLength: 3 } }, 'a'],
];
const CASES_IN_SUITE = 80;

const schemaOf = (type: Json): JsonObject => ({
  name: 'Tiny',
  version: '1.0.0',
  tables: { T: { isRoot: true, columns: { c: { type } } } },
});
const tableOf = (type: Json): TableSchema => readDatabaseSchema(schemaOf(type)).tables.get('T') as TableSchema;

interface Case {
  readonly from: Json;
  readonly to: Json;
  /** Undefined for the default. */
  readonly value: Json | undefined;
}

const CASES = TYPES.flatMap(([from, ...values]) =>
  [...(from === ONE_OF ? [] : [undefined]), ...values].flatMap((value) =>
    TYPES.filter(([to]) => to !== from).map(([to]): Case => ({ from, to, value })),
  ),
);

/** Canonical text of the row that a server has then; undefined when it refuses. */
async function byServer(client: PlainClient, { from, to, value }: Case): Promise<string | undefined> {
  await client.request('convert', ['Tiny', schemaOf(from)]);
  await client.transact('Tiny', [
    { op: 'insert', table: 'T', uuid: ROW, row: value === undefined ? {} : { c: value } },
  ]);
  const refusal = await client.request('convert', ['Tiny', schemaOf(to)]).then(
    () => undefined,
    (error: unknown) => error,
  );
  const [found] = await client.transact('Tiny', [
    { op: 'select', table: 'T', where: [], columns: ['c'] },
    { op: 'delete', table: 'T', where: [] },
  ]);
  if (refusal !== undefined) return undefined;
  const rows = isObject(found) ? found['rows'] : undefined;
  const row = (isList(rows) ? rows[0] : undefined) as Json;
  return canonicalText(tableOf(to), ROW, () => plainRow(tableOf(to), row, ROW));
}

/** The same, as it is read from a file. */
async function byFile({ from, to, value }: Case): Promise<string | undefined> {
  const read = unpack(
    memberFile({
      schema: schemaOf(from),
      rows: { T: { [ROW]: value === undefined ? {} : { c: value } } },
      entries: [[schemaOf(to), null]],
    }),
  );
  const failure = await failureOf(read);
  if (failure.code === 'none') return textsOf((await read).snapshot)['T']?.[ROW];
  expect(failure).toEqual({
    code: 'INTEGRITY_FAILED',
    message: expect.stringContaining(`T ${ROW}, column c: `) as string,
  });
  return undefined;
}

it('is the value that ovsdb-server makes of it, or refused where it refuses', async () => {
  await using server = await serverOf(readDatabaseSchema(schemaOf('string')));
  await using client = await PlainClient.open(server.remote);
  // or else each conversion ends the connection
  await client.request('set_db_change_aware', [true]);
  let converted = 0;
  for (const one of lawSample(CASES, CASES_IN_SUITE)) {
    const expected = await byServer(client, one);
    expect([one, await byFile(one)]).toEqual([one, expected]);
    if (expected !== undefined) converted++;
  }
  expect(converted).toBeGreaterThan(CASES_IN_SUITE / 10);
});

it('leaves no trace in the file of a standalone server, which is written anew', async () => {
  const [from, to]: readonly Json[] = ['integer', { key: 'integer', min: 0, max: 1 }];
  await using server = await serverOf(readDatabaseSchema(schemaOf(from as Json)));
  await using client = await PlainClient.open(server.remote);
  await client.request('set_db_change_aware', [true]);
  await client.transact('Tiny', [{ op: 'insert', table: 'T', uuid: ROW, row: {} }]);
  await client.request('convert', ['Tiny', schemaOf(to as Json)]);
  const after = '33333333-0000-4000-8000-000000000000';
  await client.transact('Tiny', [{ op: 'insert', table: 'T', uuid: after, row: { c: 5 } }]);
  const { snapshot } = await unpack(await readFile(server.databaseFile));
  expect(textsOf(snapshot)).toEqual({ T: { [ROW]: '{"c":0}', [after]: '{"c":5}' } });
});
