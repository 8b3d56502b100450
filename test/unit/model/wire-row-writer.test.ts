/**
 * From canonical text to wire notation: what is made of bytes is what is made of values, and reading it gives the text
 * back.
 */
import fc from 'fast-check';
import { type Atom, encodeRow, parseRow, type Row } from '../../../src/model/row/row.js';
import { wireAtom, wireValue } from '../../../src/model/row/wire-notation.js';
import { WireRowReader } from '../../../src/model/row/wire-row-reader.js';
import { WireRowWriter } from '../../../src/model/row/wire-row-writer.js';
import { type BaseType, readDatabaseSchema, type TableSchema } from '../../../src/ovsdb/database-schema.js';
import { FrameError } from '../../../src/ovsdb/frame.js';
import { anyTables, EVERY_KIND } from '../../support/databases/every-kind.js';

const KINDS = EVERY_KIND.tables.get('Kinds') as TableSchema;
const UUID = '11111111-1111-4111-8111-111111111111';
const write = (table: TableSchema, text: string): string => new WireRowWriter(table).write(Buffer.from(text));
const canonicalRow = anyTables
  .map(({ Kinds }) => Object.values(Kinds ?? {})[0])
  .filter((row): row is Row => row !== undefined)
  .map((row) => encodeRow(KINDS, row, UUID));

/** Wire text made of values; the keys of a JavaScript object may stand in another order than a server's. */
function fromValues(table: TableSchema, row: Row): string {
  const columns = [...table.columns.values()].filter(({ name }) => row[name] !== undefined);
  return `{${columns
    .map((column) => {
      const value = row[column.name];
      if (column.kind !== 'map' || Array.isArray(value))
        return `${JSON.stringify(column.name)}:${wireValue(column, value)}`;
      const pairs = Object.entries(value as Record<string, Atom>).sort(([a], [b]) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      return `${JSON.stringify(column.name)}:["map",[${pairs.map(([k, v]) => `[${wireAtom(column.key, k)},${wireAtom(column.value as BaseType, v)}]`).join(',')}]]`;
    })
    .join(',')}}`;
}

describe('WireRowWriter', () => {
  it('writes what is made of the values, whatever kinds of column a row has, and WireRowReader reads the row back', () => {
    const writer = new WireRowWriter(KINDS);
    fc.assert(
      fc.property(canonicalRow, (text) => {
        const wire = writer.write(Buffer.from(text));
        expect(wire).toBe(fromValues(KINDS, parseRow(text)));
        expect(new WireRowReader(KINDS).read(Buffer.from(wire), 0).text.toString()).toBe(text);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  const schema = readDatabaseSchema({
    name: 'D',
    version: '1.0.0',
    tables: {
      T: {
        columns: {
          gone: { type: 'string', ephemeral: true },
          key: { type: 'string' },
          keys: { type: { key: 'string', min: 0, max: 'unlimited' } },
          map: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        },
      },
    },
  });
  const table = schema.tables.get('T') as TableSchema;

  it('leaves ephemeral columns out, also when nothing else is there', () => {
    expect(write(table, '{"gone":"a,}","key":"k"}')).toBe('{"key":"k"}');
    expect(write(table, '{"gone":"a"}')).toBe('{}');
    expect(write(table, '{}')).toBe('{}');
  });

  it('tells columns apart of which one name begins with the other', () => {
    expect(write(table, '{"keys":["a","b"]}')).toBe('{"keys":["set",["a","b"]]}');
    expect(write(table, '{"key":"a","keys":["b"]}')).toBe('{"key":"a","keys":"b"}');
  });

  it("keeps the order of a map's keys and every escape and byte of its texts", () => {
    expect(write(table, '{"map":{"10":"\\"]}","9":"\\\\"}}')).toBe('{"map":["map",[["10","\\"]}"],["9","\\\\"]]]}');
    expect(write(table, '{"key":"größe 😀"}')).toBe('{"key":"größe 😀"}');
  });

  it('grows for a row of any length', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(6, '0'));
    expect(write(table, JSON.stringify({ keys }))).toBe(JSON.stringify({ keys: ['set', keys] }));
  });

  it('refuses what is not canonical, or not of its table', () => {
    for (const text of [
      '[]',
      '',
      '{"other":"x"}',
      '{"key":"a","gone":"b"}',
      '{"keys":"a"}',
      '{"keys":["a"',
      '{"map":3}',
      '{"key":}',
      '{"key":"a',
    ])
      expect(() => write(table, text)).toThrow(FrameError);
  });
});
