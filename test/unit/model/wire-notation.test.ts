/** Between wire notation and plain notation: the texts cut out of bytes are those made from values. */
import fc from 'fast-check';
import { type Atom, encodeRow, parseRow, type Row, type Value } from '../../../src/model/row/row.js';
import { serverValue, wireAtom, wireRow, wireValue } from '../../../src/model/row/wire-notation.js';
import { WireRowReader } from '../../../src/model/row/wire-row-reader.js';
import {
  type BaseType,
  type ColumnSchema,
  readDatabaseSchema,
  type TableSchema,
} from '../../../src/ovsdb/database-schema.js';
import { FrameError } from '../../../src/ovsdb/frame.js';
import { type Json, parseJson } from '../../../src/ovsdb/json.js';
import { anyTables, EVERY_KIND } from '../../support/databases/every-kind.js';

const KINDS = EVERY_KIND.tables.get('Kinds') as TableSchema;
const UUID = '11111111-1111-4111-8111-111111111111';

const read = (table: TableSchema, wire: string, at = 0): string =>
  new WireRowReader(table).read(Buffer.from(' '.repeat(at) + wire), at).text.toString();

/** Plain value of a wire value, by RFC 7047 section 5.1 and nothing of the product's. */
function plainValue(column: ColumnSchema, wire: Json): Json | undefined {
  const atom = (base: BaseType, value: Json): Json =>
    base.type === 'uuid' ? ((value as readonly Json[])[1] as Json) : value;
  const list = (tag: string): readonly Json[] =>
    Array.isArray(wire) && wire[0] === tag ? (wire[1] as readonly Json[]) : [wire];
  switch (column.kind) {
    case 'scalar':
      return atom(column.key, wire);
    case 'optional':
      return list('set').map((value) => atom(column.key, value))[0];
    case 'set':
      return list('set').map((value) => atom(column.key, value));
    case 'map': {
      const pairs = list('map').map((pair) => [
        atom(column.key, (pair as readonly Json[])[0] as Json),
        atom(column.value as BaseType, (pair as readonly Json[])[1] as Json),
      ]);
      return column.key.type === 'string' || column.key.type === 'uuid' ? (Object.fromEntries(pairs) as Json) : pairs;
    }
  }
}

function plainRow(table: TableSchema, wire: string): Row {
  const entries = Object.entries(parseJson(wire) as Record<string, Json>).map(([name, value]) => [
    name,
    plainValue(table.columns.get(name) as ColumnSchema, value),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Row;
}

/** Wire text as a server writes it, whose maps are in the order of their keys: no product code for those. */
function serverText(column: ColumnSchema, value: Value | undefined): string {
  if (column.kind !== 'map' || value === undefined || Array.isArray(value)) return wireValue(column, value);
  const pairs = Object.entries(value as Record<string, Atom>).sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return `["map",[${pairs.map(([k, v]) => `[${wireAtom(column.key, k)},${wireAtom(column.value as BaseType, v)}]`).join(',')}]]`;
}

function serverRow(columns: Iterable<ColumnSchema>, row: Row): string {
  return `{${[...columns].map((column) => `${JSON.stringify(column.name)}:${serverText(column, row[column.name])}`).join(',')}}`;
}

const canonicalRow = anyTables
  .map(({ Kinds }) => Object.values(Kinds ?? {})[0])
  .filter((row): row is Row => row !== undefined)
  .map((row) => encodeRow(KINDS, row, UUID));

it('a map has its pairs in the order of its keys, where those look like numbers too', () => {
  const column = KINDS.columns.get('map_string_string') as ColumnSchema;
  expect(serverValue(column, { 9: 'a', b: 'b', 10: 'c', '-1': 'd', '': 'e' })).toBe(
    '["map",[["","e"],["-1","d"],["10","c"],["9","a"],["b","b"]]]',
  );
});

describe('WireRowReader', () => {
  it('cuts the canonical text out of wire text, whatever kinds of column it has', () => {
    fc.assert(
      fc.property(canonicalRow, fc.nat(50), (text, at) => {
        const row = parseRow(text);
        const wire = serverRow(
          [...KINDS.columns.values()].filter(({ name }) => row[name] !== undefined),
          row,
        );
        expect(read(KINDS, wire, at)).toBe(text);
        expect(encodeRow(KINDS, plainRow(KINDS, wire), UUID)).toBe(text);
        expect(encodeRow(KINDS, plainRow(KINDS, wireRow(KINDS, row)), UUID)).toBe(text);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it('leaves defaults out when the server writes them, and sorts columns that come in another order', () => {
    fc.assert(
      fc.property(canonicalRow, fc.boolean(), (text, backwards) => {
        const columns = [...KINDS.columns.values()];
        expect(read(KINDS, serverRow(backwards ? columns.reverse() : columns, parseRow(text)))).toBe(text);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('says where the row ends, and reads one row after another from one buffer', () => {
    const rows = ['{"scalar_string":"}"}', '{}', '{"set_integer":["set",[1,2]]}'];
    const bytes = Buffer.from(rows.join(''));
    const reader = new WireRowReader(KINDS);
    let at = 0;
    for (const expected of ['{"scalar_string":"}"}', '{}', '{"set_integer":[1,2]}']) {
      const { text, end } = reader.read(bytes, at);
      expect(text.toString()).toBe(expected);
      at = end;
    }
    expect(at).toBe(bytes.length);
  });

  it('takes a set of one bare or in brackets', () => {
    for (const set of ['7', '["set",[7]]'])
      expect(read(KINDS, `{"optional_integer":${set},"set_integer":${set}}`)).toBe(
        '{"optional_integer":7,"set_integer":[7]}',
      );
    expect(read(KINDS, '{"optional_integer":["set",[]],"set_integer":["set",[]]}')).toBe('{}');
  });

  it('keeps 64-bit integers and every character of a string as they are', () => {
    const wire = '{"scalar_integer":-9223372036854775808,"scalar_string":"\\u0001\\t\\"\\\\/\u007f\u00fc\u{1f600}"}';
    expect(read(KINDS, wire)).toBe(wire);
    expect(encodeRow(KINDS, parseRow(wire), UUID)).toBe(wire);
  });

  it('writes reals as JavaScript does, also where that is longer than what the server wrote', () => {
    const reals = Array.from({ length: 3_000 }, (_, i) => `${String(i + 1)}e+17`);
    const expected = encodeRow(KINDS, { set_real: reals.map(Number) }, UUID);
    expect(read(KINDS, `{"set_real":["set",[${reals.join(',')}]]}`)).toBe(expected);
  });

  it.each([
    '{"nonsense":1}',
    '{"map_string":["set",[]]}',
    '{"scalar_uuid":"11111111-1111-4111-8111-111111111111"}',
    '{"set_uuid":["set",["a"]]}',
    '{"scalar_string":"a"',
    '{"scalar_string" :"a"}',
    '[]',
    '"a"',
  ])('refuses %s', (wire) => {
    expect(() => read(KINDS, wire)).toThrow(FrameError);
  });
});

describe('wireValue', () => {
  it('writes the default of a column for a value that is not there', () => {
    const defaults = Object.fromEntries(
      [...KINDS.columns.values()].map((column) => [column.name, parseJson(wireValue(column, undefined))]),
    );
    expect(defaults).toMatchObject({
      scalar_string: '',
      scalar_integer: 0,
      scalar_real: 0,
      scalar_boolean: false,
      scalar_uuid: ['uuid', '00000000-0000-0000-0000-000000000000'],
      optional_string: ['set', []],
      set_uuid: ['set', []],
      map_string: ['map', []],
      map_integer: ['map', []],
    });
  });

  it('gives back the plain value when it is read again', () => {
    fc.assert(
      fc.property(canonicalRow, (text) => {
        const row = parseRow(text);
        for (const [name, value] of Object.entries(row)) {
          const column = KINDS.columns.get(name) as ColumnSchema;
          const again = plainValue(column, parseJson(wireValue(column, value)));
          expect(encodeRow(KINDS, { [name]: again as Atom }, UUID)).toBe(encodeRow(KINDS, { [name]: value }, UUID));
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('leaves columns of the row that the table does not have out of a wire row', () => {
    const small = readDatabaseSchema({ name: 'x', tables: { T: { columns: { a: { type: 'string' } } } } }).tables.get(
      'T',
    ) as TableSchema;
    expect(wireRow(small, { a: 'x', b: 'y' })).toBe('{"a":"x"}');
  });
});
