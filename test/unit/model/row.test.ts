/** Rows in plain notation: one canonical text for one row, and nothing in it that the schema does not allow. */
import fc from 'fast-check';
import {
  type Atom,
  compareAtoms,
  encodeRow,
  isUuid,
  parseRow,
  type Row,
  RowError,
} from '../../../src/model/row/row.js';
import { ContentDigest } from '../../../src/model/snapshot/content-digest.js';
import { countRows, countTables } from '../../../src/model/snapshot/snapshot.js';
import { isSorted, StoredRows } from '../../../src/model/snapshot/stored-rows.js';
import { readDatabaseSchema, SchemaError, type TableSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json } from '../../../src/ovsdb/json.js';
import { anyTables, EVERY_KIND, snapshotOf } from '../../support/databases/every-kind.js';

const KINDS = EVERY_KIND.tables.get('Kinds') as TableSchema;
const UUID = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';

function tableOf(columns: Json, more: Record<string, Json> = {}): TableSchema {
  const schema = readDatabaseSchema({ name: 'Test', version: '1.0.0', tables: { T: { columns, ...more } } });
  return schema.tables.get('T') as TableSchema;
}

const BOUNDED = tableOf({
  integer: { type: { key: { type: 'integer', minInteger: -5, maxInteger: 5 }, min: 0, max: 1 } },
  real: { type: { key: { type: 'real', minReal: 0, maxReal: 1 }, min: 0, max: 1 } },
  string: { type: { key: { type: 'string', minLength: 2, maxLength: 3 }, min: 0, max: 1 } },
  choice: { type: { key: { type: 'string', enum: ['set', ['tcp', 'udp']] }, min: 0, max: 1 } },
  single: { type: { key: { type: 'string', enum: 'only' }, min: 0, max: 1 } },
  few: { type: { key: 'integer', min: 1, max: 2 } },
  pairs: { type: { key: 'string', value: { type: 'integer', maxInteger: 9 }, min: 0, max: 2 } },
});

const encode = (row: Row, table = KINDS): string => encodeRow(table, row, UUID);

/** The same row with columns, sets and maps in another order. */
function shuffled(row: Row, order: (list: readonly unknown[]) => unknown[]): Row {
  const columns = Object.entries(row).map(([name, value]) => {
    if (Array.isArray(value)) return [name, order(value)];
    return [
      name,
      typeof value === 'object' ? Object.fromEntries(order(Object.entries(value)) as [string, Atom][]) : value,
    ];
  });
  return Object.fromEntries(order(columns) as [string, Row[string]][]);
}

const anyRow = anyTables
  .map(({ Kinds }) => Object.values(Kinds ?? {})[0])
  .filter((row): row is Row => row !== undefined);

describe('encodeRow', () => {
  it('makes one text of a row in whatever order its columns, sets and maps come', () => {
    fc.assert(
      fc.property(anyRow, fc.integer({ min: 1, max: 1e6 }), (row, salt) => {
        const mixed = shuffled(row, (list) =>
          list
            .map((item, i) => [((i + 1) * salt * 7919) % 104_729, item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item),
        );
        expect(encode(mixed)).toBe(encode(row));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is a fixed point: the row read from its text has that text', () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        expect(encode(parseRow(encode(row)))).toBe(encode(row));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('leaves out what is at its default, and only that', () => {
    const zero = '00000000-0000-0000-0000-000000000000';
    expect(
      encode({
        scalar_string: '',
        scalar_integer: 0,
        scalar_real: -0,
        scalar_boolean: false,
        scalar_uuid: zero,
        set_string: [],
        map_string: {},
        map_integer: [],
      }),
    ).toBe('{}');
    expect(
      encode({
        optional_string: '',
        optional_integer: 0,
        optional_boolean: false,
        optional_uuid: zero,
        set_string: [''],
        map_string: { '': '' },
      }),
    ).toBe(
      `{"map_string":{"":""},"optional_boolean":false,"optional_integer":0,"optional_string":"","optional_uuid":"${zero}","set_string":[""]}`,
    );
  });

  it('sorts columns by name, numbers by value and strings by their UTF-8 bytes', () => {
    expect(
      encode({
        set_string: ['b', '\u{1f600}', '\uffff', 'B', '10', '9', 'a'],
        set_integer: [10, 9, -1, 2n ** 62n],
        set_boolean: [true, false],
        map_string: { 9: 'x', 10: 'y', a: '' },
      }),
    ).toBe(
      '{"map_string":{"10":"y","9":"x","a":""},"set_boolean":[false,true],"set_integer":[-1,9,10,4611686018427387904],"set_string":["10","9","B","a","b","\uffff","\u{1f600}"]}',
    );
  });

  it('writes one number one way', () => {
    expect(encode({ scalar_integer: 5n })).toBe(encode({ scalar_integer: 5 }));
    expect(encode({ scalar_real: 2n ** 70n })).toBe(encode({ scalar_real: 2 ** 70 }));
    expect(encode({ set_integer: [-0] })).toBe('{"set_integer":[0]}');
  });

  it.each<[string, Row]>([
    ['a column that is not there', { nonsense: 1 }],
    ['an atom where a set is due', { set_string: 'a' }],
    ['a set where an atom is due', { scalar_string: ['a'] }],
    ['an array where a map is due', { map_string: ['a', 'b'] }],
    ['an object where pairs are due', { map_integer: { 1: 2 } }],
    ['a pair of three', { map_integer: [[1, 2, 3]] as never }],
    ['a string twice in a set', { set_string: ['a', 'b', 'a'] }],
    ['an integer twice in a set, once as bigint', { set_integer: [1, 1n] }],
    [
      'a key twice',
      {
        map_integer: [
          [1, 2],
          [1, 3],
        ],
      },
    ],
    ['a number for a string', { scalar_string: 1 }],
    ['a string for a number', { scalar_integer: '1' }],
    ['a fraction for an integer', { scalar_integer: 1.5 }],
    ['an unsafe double for an integer', { scalar_integer: 2 ** 60 }],
    ['an integer over 64 bits', { scalar_integer: 2n ** 63n }],
    ['an integer under 64 bits', { scalar_integer: -(2n ** 63n) - 1n }],
    ['an infinite real', { scalar_real: Infinity }],
    ['a boolean as text', { scalar_boolean: 'true' }],
    ['a UUID in capitals', { scalar_uuid: UUID.replaceAll('1', 'A') }],
    ['a UUID cut short', { scalar_uuid: UUID.slice(1) }],
    ['NUL in a string', { scalar_string: 'a\u0000' }],
    ['half a surrogate pair', { map_string: { a: '\ud83d' } }],
    ['null for an atom', { scalar_string: null as never }],
  ])('refuses %s', (_what, row) => {
    expect(() => encode(row)).toThrow(RowError);
    expect(() => encode(row)).toThrow(UUID);
  });

  it.each<[Row, string | undefined]>([
    [{ integer: -5, few: [1] }, '{"few":[1],"integer":-5}'],
    [{ integer: 6, few: [1] }, undefined],
    [{ integer: -6n, few: [1] }, undefined],
    [{ real: 1, few: [1] }, '{"few":[1],"real":1}'],
    [{ real: 1.01, few: [1] }, undefined],
    [{ string: '\u{1f600}\u{1f600}', few: [1] }, '{"few":[1],"string":"\u{1f600}\u{1f600}"}'],
    [{ string: '\u{1f600}', few: [1] }, undefined],
    [{ string: 'abcd', few: [1] }, undefined],
    [{ choice: 'udp', few: [1] }, '{"choice":"udp","few":[1]}'],
    [{ choice: 'sctp', few: [1] }, undefined],
    [{ single: 'only', few: [1] }, '{"few":[1],"single":"only"}'],
    [{ single: 'other', few: [1] }, undefined],
    [{ few: [] }, undefined],
    [{ few: [1, 2, 3] }, undefined],
    [{ few: [2, 1], pairs: { a: 9, b: 0 } }, '{"few":[1,2],"pairs":{"a":9,"b":0}}'],
    [{ few: [1], pairs: { a: 10 } }, undefined],
    [{ few: [1], pairs: { a: 1, b: 2, c: 3 } }, undefined],
  ])('keeps to ranges, lengths, enums and counts: %j', (row, expected) => {
    if (expected === undefined) expect(() => encode(row, BOUNDED)).toThrow(RowError);
    else expect(encode(row, BOUNDED)).toBe(expected);
  });
});

describe('parseRow and isUuid', () => {
  it('refuse what is no row and no UUID', () => {
    for (const text of ['[]', '1', 'null', '"{}"']) expect(() => parseRow(text)).toThrow(RowError);
    expect(() => parseRow('{')).toThrow(SyntaxError);
    expect(
      [UUID, UUID.toUpperCase(), `${UUID} `, `${UUID}\n`, UUID.replaceAll('-', ''), 'g'.repeat(36), ''].map(isUuid),
    ).toEqual([true, true, false, false, false, false, false]);
    expect(isUuid('AAAAAAAA-1111-4111-8111-111111111111')).toBe(false);
  });
});

describe('compareAtoms', () => {
  it('orders strings as their UTF-8 bytes are ordered', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5 }).filter((s) => s.isWellFormed());
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareAtoms(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });
});

describe('readDatabaseSchema', () => {
  it.each<Json>([
    null,
    { name: 'x' },
    { name: 'x', tables: { T: {} } },
    { name: 'x', tables: { T: { columns: { a: {} } } } },
    { name: 'x', tables: { T: { columns: { a: { type: 'text' } } } } },
    { name: 'x', tables: { T: { columns: {}, indexes: 'a' } } },
    { name: 1, tables: {} },
  ])('refuses %j', (json) => {
    expect(() => readDatabaseSchema(json)).toThrow(SchemaError);
  });

  it('takes every table for a root where none says isRoot', () => {
    const columns = { a: { type: 'string' } };
    const roots = (tables: Record<string, Json>): boolean[] =>
      [...readDatabaseSchema({ name: 'x', tables }).tables.values()].map(({ isRoot }) => isRoot);
    expect(roots({ A: { columns }, B: { columns } })).toEqual([true, true]);
    expect(roots({ A: { columns, isRoot: true }, B: { columns } })).toEqual([true, false]);
  });
});

describe('StoredRows', () => {
  const hex = fc.constantFrom('00000000', '00000001', '7fffffff', '80000000', 'ffffffff');
  const clash = fc
    .tuple(hex, fc.nat(0xffff))
    .map(([head, n]) => `${head}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);

  it('sorts by UUID and finds each row, also where the first 32 bits are equal', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(clash, clash, fc.uuid()), { maxLength: 60 }), (uuids) => {
        const rows = new StoredRows('T');
        for (const uuid of uuids) rows.add(uuid, `{"name":"${uuid}\u00fc"}`);
        expect(rows.seal()).toBeUndefined();
        const sorted = [...uuids].sort();
        expect(Array.from({ length: rows.count }, (_, i) => rows.uuid(i))).toEqual(sorted);
        for (const [i, uuid] of sorted.entries()) {
          expect(rows.find(uuid)).toBe(i);
          expect(rows.row(i)).toEqual({ name: `${uuid}\u00fc` });
        }
        expect(rows.find(OTHER)).toBeUndefined();
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('sorts 100,000 rows with equal first 32 bits', () => {
    const rows = new StoredRows('T');
    for (let i = 0; i < 100_000; i++)
      rows.add(`00000000-0000-4000-8000-${((i * 7_919) % 100_003).toString(16).padStart(12, '0')}`, '{}');
    rows.seal();
    expect(isSorted(Array.from({ length: rows.count }, (_, i) => rows.uuid(i)))).toBe(true);
  });

  it('tells a UUID that occurs twice', () => {
    const rows = new StoredRows('T');
    for (const uuid of [OTHER, UUID, OTHER]) rows.add(uuid, '{}');
    expect(rows.seal()).toBe(OTHER);
  });

  it('keeps rows larger than a chunk, and many small ones, apart', () => {
    const rows = new StoredRows('T');
    const text = (i: number): string => `{"name":"${String(i).repeat(1 + (i % 7) * 3_000)}"}`;
    const uuid = (i: number): string => `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    for (let i = 300; i > 0; i--) rows.add(uuid(i), text(i));
    const huge = `{"name":"${'x'.repeat(5 << 20)}"}`;
    rows.add(uuid(0), Buffer.from(huge));
    rows.seal();
    for (let i = 1; i <= 300; i++) expect(rows.text(i).toString()).toBe(text(i));
    expect(rows.text(0).toString()).toBe(huge);
  });

  it('finds nothing before it is sealed and takes nothing after', () => {
    const rows = new StoredRows('T');
    rows.add(UUID, '{}');
    expect(() => rows.find(UUID)).toThrow('sealed');
    rows.seal();
    expect(() => {
      rows.add(OTHER, '{}');
    }).toThrow('sealed');
    expect(() => rows.uuid(1)).toThrow('no row number 1');
  });
});

describe('counts and digest of a snapshot', () => {
  it('count rows, leaving tables without rows out', () => {
    const snapshot = snapshotOf(EVERY_KIND, { Kinds: { [UUID]: {}, [OTHER]: {} } });
    expect(countRows(snapshot)).toBe(2);
    expect(countTables(snapshot)).toEqual({ Kinds: 2 });
  });

  it('tell any change of a row, its UUID or its table, also past the size of the buffer', () => {
    const digest = (table: string, rows: readonly (readonly [string, string])[]): string => {
      const content = new ContentDigest('Test');
      content.table(table);
      for (const [uuid, text] of rows) content.row(uuid, Buffer.from(text));
      return content.end();
    };
    const long = `{"a":"${'x'.repeat(100_000)}"}`;
    const rows: (readonly [string, string])[] = [
      [UUID, '{}'],
      [OTHER, long],
    ];
    const all = [
      digest('T', rows),
      digest('U', rows),
      digest('T', rows.slice(0, 1)),
      digest('T', [
        [OTHER, '{}'],
        [OTHER, long],
      ]),
      digest('T', [
        [UUID, '{}'],
        [OTHER, long.replace('xx', 'xy')],
      ]),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(digest('T', rows)).toBe(all[0]);
    expect(all[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
