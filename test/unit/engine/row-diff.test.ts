/** Diff: equality of rows, runtime state aside; and of schemas. */
import fc from 'fast-check';
import { adapt, isSameSchema } from '../../../src/engine/adapt/adapt.js';
import { diffRows, equalValues } from '../../../src/engine/plan/row-diff.js';
import { Breath } from '../../../src/lib/breath.js';
import { encodeRow, parseRow, type Row } from '../../../src/model/row/row.js';
import { type DatabaseSchema, readDatabaseSchema, type TableSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json, JsonObject } from '../../../src/ovsdb/json.js';
import { anyTables, EVERY_KIND, failureOf, snapshotOf, textsOf } from '../../support/databases/every-kind.js';
import { northboundSchema } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const KINDS = EVERY_KIND.tables.get('Kinds') as TableSchema;
const UUID = '11111111-1111-4111-8111-111111111111';
const differing = (table: string, before: Row, after: Row): string[] =>
  diffRows(SCHEMA.tables.get(table) as TableSchema, before, after).map(({ column }) => column.name);

const anyRow = anyTables.map(({ Kinds }) => parseRow(encodeRow(KINDS, Object.values(Kinds ?? {})[0] ?? {}, UUID)));

describe('diffRows', () => {
  it('finds nothing exactly when the canonical texts are equal, and else what makes one row of the other', () => {
    fc.assert(
      fc.property(anyRow, anyRow, fc.boolean(), (a, b, same) => {
        const [before, after] = [a, same ? parseRow(encodeRow(KINDS, a, UUID)) : b].map(
          ({ volatile: _, ...row }) => row,
        ) as [Row, Row];
        const diffs = diffRows(KINDS, before, after);
        expect(diffs.length === 0).toBe(encodeRow(KINDS, before, UUID) === encodeRow(KINDS, after, UUID));
        const changed = Object.entries({
          ...before,
          ...Object.fromEntries(diffs.map(({ column, after: value }) => [column.name, value])),
        }).filter(([, value]) => value !== undefined);
        expect(encodeRow(KINDS, Object.fromEntries(changed) as Row, UUID)).toBe(encodeRow(KINDS, after, UUID));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('tells before and after, undefined for a default', () => {
    const diffs = diffRows(
      SCHEMA.tables.get('Logical_Switch') as TableSchema,
      { name: 'web', other_config: { a: 'b' } },
      { name: 'db', ports: [UUID] },
    );
    expect(diffs.map(({ column, before, after }) => [column.name, before, after])).toEqual([
      ['name', 'web', 'db'],
      ['other_config', { a: 'b' }, undefined],
      ['ports', undefined, [UUID]],
    ]);
  });

  it('passes over ephemeral columns', () => {
    expect(diffRows(KINDS, { volatile: 1 }, { volatile: 2 })).toEqual([]);
    expect(
      differing('Connection', { target: 'ptcp:6641', is_connected: true, status: { a: 'b' } }, { target: 'ptcp:6641' }),
    ).toEqual([]);
  });

  it.each<[string, Row, Row]>([
    [
      'NB_Global',
      { nb_cfg: 7, sb_cfg: 7, hv_cfg: 6, nb_cfg_timestamp: 1, sb_cfg_timestamp: 2, hv_cfg_timestamp: 3 },
      {},
    ],
    [
      'NB_Global',
      { options: { mac_prefix: 'aa:bb:cc', max_tunid: '1', northd_internal_version: '2', svc_monitor_mac: 'x' } },
      { options: { mac_prefix: 'dd:ee:ff' } },
    ],
    ['NB_Global', { external_ids: { 'neutron:liveness_check_at': 'now' } }, {}],
    ['Logical_Switch_Port', { name: 'p', up: true, dynamic_addresses: 'a' }, { name: 'p', up: false }],
    ['Logical_Switch_Port', { name: 'p', tag_request: 0, tag: 5 }, { name: 'p', tag_request: 0, tag: 6 }],
    ['Logical_Router_Port', { name: 'p', ipv6_prefix: ['fd00::/64'] }, { name: 'p' }],
    ['BFD', { status: 'up' }, { status: 'down' }],
  ])('passes over runtime state of %s: %j and %j', (table, before, after) => {
    expect(differing(table, before, after)).toEqual([]);
    expect(differing(table, after, before)).toEqual([]);
  });

  it('does not pass over a tag that nobody requested', () => {
    expect(differing('Logical_Switch_Port', { name: 'p', tag: 5 }, { name: 'p', tag: 6 })).toEqual(['tag']);
  });

  it('does not pass over what stands beside runtime keys in a map, and keeps those of the database', () => {
    const [diff] = diffRows(
      SCHEMA.tables.get('NB_Global') as TableSchema,
      { options: { mac_prefix: 'live', a: 'old', z: 'gone' } },
      { options: { mac_prefix: 'backup', a: 'new' } },
    );
    expect(diff).toMatchObject({ column: { name: 'options' }, after: { a: 'new', mac_prefix: 'live' } });
    const [emptied] = diffRows(
      SCHEMA.tables.get('NB_Global') as TableSchema,
      { options: { a: 'x' } },
      { options: { mac_prefix: 'backup' } },
    );
    expect(emptied).toMatchObject({ before: { a: 'x' }, after: undefined });
  });
});

describe('equalValues', () => {
  it('compares by content, undefined apart', () => {
    expect(equalValues(undefined, undefined)).toBe(true);
    expect(equalValues(undefined, [])).toBe(false);
    expect(equalValues([1, 2n ** 60n], [1, 2n ** 60n])).toBe(true);
    expect(equalValues([1, 2n ** 60n], [1, 2n ** 60n + 1n])).toBe(false);
    expect(equalValues({ a: 'b' }, { a: 'c' })).toBe(false);
    expect(equalValues('1', 1)).toBe(false);
  });
});

describe('isSameSchema', () => {
  const edited = (
    edit: (tables: Record<string, Record<string, Json>>) => void,
    name = 'OVN_Northbound',
    version = '9.9.9',
  ): DatabaseSchema => {
    const json = structuredClone(SCHEMA.json) as Record<string, Json>;
    edit(json['tables'] as unknown as Record<string, Record<string, Json>>);
    return readDatabaseSchema({ ...json, name, version });
  };

  it('passes over version, checksum, order and "ephemeral", which a cluster drops', () => {
    const columns = (table: Record<string, Json> | undefined): Record<string, Record<string, Json>> =>
      table?.['columns'] as unknown as Record<string, Record<string, Json>>;
    expect(SCHEMA.tables.get('Connection')?.columns.get('status')?.ephemeral).toBe(true);
    expect(
      isSameSchema(
        SCHEMA,
        edited((tables) => {
          for (const column of Object.values(columns(tables['Connection']))) delete column['ephemeral'];
          const acl = tables['ACL'];
          delete tables['ACL'];
          if (acl !== undefined) tables['ACL'] = acl;
        }),
      ),
    ).toBe(true);
  });

  it.each<[string, (tables: Record<string, Record<string, Json>>) => void]>([
    [
      'a table is missing',
      (tables) => {
        delete tables['BFD'];
      },
    ],
    [
      'a column is missing',
      (tables) => {
        delete (tables['ACL']?.['columns'] as Record<string, Json>)['label'];
      },
    ],
    [
      'an index is missing',
      (tables) => {
        delete tables['Address_Set']?.['indexes'];
      },
    ],
    [
      'a type is another',
      (tables) => {
        (tables['ACL']?.['columns'] as Record<string, Json>)['label'] = { type: 'integer' };
      },
    ],
    [
      'a root is none',
      (tables) => {
        delete tables['DNS']?.['isRoot'];
      },
    ],
  ])('tells when %s', (_what, edit) => {
    expect(isSameSchema(SCHEMA, edited(edit))).toBe(false);
  });

  it('tells when the database is another', () => {
    expect(
      isSameSchema(
        SCHEMA,
        edited(() => undefined, 'OVN_Southbound'),
      ),
    ).toBe(false);
  });
});

describe('adapt', () => {
  const small = (columns: JsonObject, version: string, name = 'Test'): DatabaseSchema =>
    readDatabaseSchema({ name, version, tables: { T: { columns, isRoot: true } } });
  const optional = (key: Json): Json => ({ type: { key, min: 0, max: 1 } });
  const many: Json = { type: { key: 'string', min: 0, max: 'unlimited' } };
  const from = small(
    {
      name: { type: 'string' },
      one: optional('string'),
      gone: optional('string'),
      kind: optional({ type: 'string', enum: ['set', ['a', 'b']] }),
    },
    '2.0.0',
  );
  const to = small(
    { name: { type: 'string' }, one: many, kind: optional({ type: 'string', enum: ['set', ['a']] }) },
    '1.0.0',
  );

  it('reads rows in the other schema where nothing is lost', async () => {
    const { snapshot, losses } = await adapt(
      snapshotOf(from, { T: { [UUID]: { name: 'x', one: 'y', kind: 'a' } } }),
      to,
      false,
      new Breath(),
    );
    expect(textsOf(snapshot)).toEqual({ T: { [UUID]: '{"kind":"a","name":"x","one":["y"]}' } });
    expect(losses).toEqual([]);
  });

  it('names each loss, refuses, and goes on with force', async () => {
    const backup = snapshotOf(from, { T: { [UUID]: { name: 'x', gone: 'y', kind: 'b' } } });
    const refused = await failureOf(adapt(backup, to, false, new Breath()));
    expect(refused.code).toBe('SCHEMA_MISMATCH');
    expect(refused.message).toContain('schema version 2.0.0, the database 1.0.0');
    const { snapshot, losses } = await adapt(backup, to, true, new Breath());
    expect(textsOf(snapshot)).toEqual({ T: { [UUID]: '{"name":"x"}' } });
    expect(losses).toEqual(['column T.gone', expect.stringContaining('the value of kind in T "x"')]);
  });

  it('refuses a backup of another kind of database, with force too', async () => {
    expect(await failureOf(adapt(snapshotOf(from, {}), small({}, '1.0.0', 'Other'), true, new Breath()))).toMatchObject(
      { code: 'BAD_USER_INPUT' },
    );
  });
});
