/** Changes of rows as servers tell them, and rows that share memory: against plain models of both. */
import fc from 'fast-check';
import { Breath } from '../../../src/lib/breath.js';
import { type Atom, encodeRow, encodeValue, type Row, type Value } from '../../../src/model/row/row.js';
import { ChangedRow } from '../../../src/model/row/row-change.js';
import { mapEntries, wireValue } from '../../../src/model/row/wire-notation.js';
import { StoredRows } from '../../../src/model/snapshot/stored-rows.js';
import type { ColumnSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';
import { type Json, parseJson } from '../../../src/ovsdb/json.js';
import { anyTables, EVERY_KIND } from '../../support/databases/every-kind.js';

const KINDS = EVERY_KIND.tables.get('Kinds') as TableSchema;
const UUID = '11111111-2222-3333-4444-555555555555';

/** The difference that a server tells for one column, undefined when there is none. */
function difference(column: ColumnSchema, before: Value | undefined, after: Value | undefined): Json | undefined {
  const text = (value: Value | undefined): string => wireValue(column, value);
  if (text(before) === text(after)) return undefined;
  if (column.max <= 1) return parseJson(text(after));
  if (column.kind === 'map') {
    const [old, now] = [before, after].map(
      (value) => new Map(mapEntries(value).map(([k, v]) => [String(k), [k, v] as const])),
    );
    const removed = [...(old ?? [])].filter(([k]) => now?.has(k) !== true).map(([, pair]) => pair);
    const set = [...(now ?? [])]
      .filter(([k, [, v]]) => String(old?.get(k)?.[1] ?? '\u0000') !== String(v))
      .map(([, pair]) => pair);
    const pairs = [...removed, ...set];
    return parseJson(
      text((column.key.type === 'string' || column.key.type === 'uuid' ? Object.fromEntries(pairs) : pairs) as Value),
    );
  }
  const [old, now] = [before, after].map(
    (value) => new Map(((value ?? []) as readonly Atom[]).map((atom) => [String(atom), atom])),
  );
  const atoms = [
    ...[...(old ?? [])].filter(([key]) => now?.has(key) !== true),
    ...[...(now ?? [])].filter(([key]) => old?.has(key) !== true),
  ];
  return parseJson(text(atoms.map(([, atom]) => atom)));
}

const anyRow = anyTables.map((tables): Row => Object.values(tables['Kinds'] ?? {})[0] ?? {});
/** As a snapshot has it: defaults left out, sets sorted. */
const canonical = (row: Row): Row => parseJson(encodeRow(KINDS, row, UUID)) as Row;

describe('a change of a row', () => {
  it('gives the row after it, for every kind of column', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 2, maxLength: 4 }), (rows) => {
        const [first, ...later] = rows.map(canonical) as [Row, ...Row[]];
        const changed = new ChangedRow(KINDS, UUID, first);
        let before = first;
        for (const after of later) {
          const told = [...KINDS.columns.values()].map(
            (column) => [column.name, difference(column, before[column.name], after[column.name])] as const,
          );
          changed.change(
            Object.fromEntries(told.filter((entry): entry is [string, Json] => entry[1] !== undefined)),
            true,
          );
          expect(encodeRow(KINDS, changed.row(), UUID)).toBe(encodeRow(KINDS, after, UUID));
          before = after;
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('takes what is in both out of a set, and puts in what is not', () => {
    const row = new ChangedRow(KINDS, UUID, { set_string: ['a', 'b'] });
    row.change({ set_string: ['set', ['b', 'c']] }, true);
    expect(row.row()).toEqual({ set_string: ['a', 'c'] });
    expect([row.holds('set_string', 'b'), row.holds('set_string', 'c'), row.holds('set_integer', 1)]).toEqual([
      false,
      true,
      false,
    ]);
    row.change({ set_string: 'a' }, true);
    expect(row.row()).toEqual({ set_string: ['c'] });
  });

  it('takes a pair with an equal value out of a map, and sets one with another value', () => {
    const row = new ChangedRow(KINDS, UUID, { map_string: { a: '1', b: '2' } });
    row.change(
      {
        map_string: [
          'map',
          [
            ['a', '1'],
            ['b', '3'],
            ['c', '4'],
          ],
        ],
      },
      true,
    );
    expect(row.row()).toEqual({ map_string: { b: '3', c: '4' } });
  });

  it('replaces the value of a column that holds one at most, and all values where no difference is told', () => {
    const row = new ChangedRow(KINDS, UUID, { scalar_string: 'a', optional_integer: 5, set_string: ['a'] });
    row.change({ scalar_string: 'b', optional_integer: 5 }, true);
    expect(row.row()).toEqual({ scalar_string: 'b', optional_integer: 5, set_string: ['a'] });
    row.change({ optional_integer: ['set', []], set_string: ['set', ['a', 'b']] }, false);
    expect(encodeRow(KINDS, row.row(), UUID)).toBe('{"scalar_string":"b","set_string":["a","b"]}');
  });

  it('is refused when the table has no such column, or it is no wire notation', () => {
    const row = new ChangedRow(KINDS, UUID, {});
    expect(() => {
      row.change({ nothing: 1 }, true);
    }).toThrow(`Kinds ${UUID}: the schema has no column "nothing"`);
    expect(() => {
      row.change({ map_string: ['set', []] }, true);
    }).toThrow('a map is written as');
    expect(() => {
      row.change(['set', []], true);
    }).toThrow('a row is an object');
    expect(encodeValue(KINDS.columns.get('yes') as ColumnSchema, 'x', '')).toBe('"x"');
  });
});

const uuidOf = (number: number): string => `${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;

describe('rows with changes', () => {
  const contentOf = (rows: StoredRows): [string, string][] =>
    Array.from({ length: rows.count }, (_, i) => [rows.uuid(i), rows.text(i).toString()]);
  const anyChange = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.string(), { nil: undefined })), {
    maxLength: 20,
  });

  it('are the rows before with the changes, and leave those as they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 30 })),
        fc.array(anyChange, { maxLength: 4 }),
        async (numbers, rounds) => {
          const model = new Map(numbers.map((number) => [uuidOf(number), `{"n":${String(number)}}`]));
          let rows = new StoredRows('T');
          for (const [uuid, text] of model) rows.add(uuid, text);
          rows.seal();
          for (const round of rounds) {
            const changes = new Map(
              round.map(([number, text]) => [
                uuidOf(number),
                text === undefined ? undefined : JSON.stringify({ text }),
              ]),
            );
            const before = contentOf(rows);
            const next = rows.with(changes);
            expect(contentOf(rows)).toEqual(before);
            for (const [uuid, text] of changes) {
              if (text === undefined) model.delete(uuid);
              else model.set(uuid, text);
            }
            const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
            expect(contentOf(next)).toEqual(expected);
            expect(expected.map(([uuid]) => next.find(uuid))).toEqual([...expected.keys()]);
            expect(contentOf(await next.gathered(new Breath()))).toEqual(expected);
            rows = next;
          }
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('share the memory of what has not changed, until too much of it is unused', async () => {
    let rows = new StoredRows('T');
    for (let i = 0; i < 1_000; i++) rows.add(uuidOf(i), `{"n":${String(i)}}`);
    rows.seal();
    const next = rows.with(
      new Map([
        [uuidOf(1), '{"n":"changed"}'],
        [uuidOf(2), undefined],
      ]),
    );
    expect(next.text(0).buffer).toBe(rows.text(0).buffer);
    expect(next.text(1).buffer).not.toBe(rows.text(1).buffer);
    let rounds = 0;
    for (; !rows.isScattered; rounds++) rows = rows.with(new Map([[uuidOf(rounds % 1_000), '{"n":0}']]));
    expect(rounds).toBeGreaterThan(100);
    const gathered = await rows.gathered(new Breath());
    expect(gathered.isScattered).toBe(false);
    expect(contentOf(gathered)).toEqual(contentOf(rows));
  });
});
