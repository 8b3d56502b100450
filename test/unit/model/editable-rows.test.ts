/** Edited rows of a table: the law is that they are what a table of those rows would be. */
import fc from 'fast-check';
import { EditableRows } from '../../../src/model/snapshot/editable-rows.js';
import type { TableRows } from '../../../src/model/snapshot/snapshot.js';
import { StoredRows } from '../../../src/model/snapshot/stored-rows.js';

const uuidOf = (number: number): string => `${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;

function stored(rows: ReadonlyMap<string, string>): StoredRows {
  const table = new StoredRows('T');
  for (const [uuid, text] of rows) table.add(uuid, text);
  table.seal();
  return table;
}

const listed = (rows: TableRows): readonly unknown[] =>
  Array.from({ length: rows.count }, (_, i) => [rows.uuid(i), rows.text(i).toString(), rows.row(i)]);

const rowsArbitrary = fc.dictionary(
  fc.integer({ min: 0, max: 30 }).map(uuidOf),
  fc.string().map((name) => JSON.stringify({ name })),
);
const editsArbitrary = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 30 }).map(uuidOf), fc.option(fc.string().map((name) => JSON.stringify({ name })))),
);

it('has the rows that a table of them would have, edited once or edited again', () => {
  fc.assert(
    fc.property(rowsArbitrary, editsArbitrary, editsArbitrary, (before, first, second) => {
      const expected = new Map(Object.entries(before));
      let rows: TableRows = stored(expected);
      for (const edits of [first, second]) {
        const editable = new EditableRows(rows);
        for (const [uuid, text] of edits) {
          if (text === null) editable.delete(uuid);
          else editable.put(uuid, text);
          if (text === null) expected.delete(uuid);
          else expected.set(uuid, text);
          expect([editable.has(uuid), editable.isDeleted(uuid)]).toEqual([text !== null, text === null]);
        }
        rows = editable.seal();
        expect(listed(rows)).toEqual(listed(stored(expected)));
        for (let i = 0; i <= 31; i++) {
          const found = rows.find(uuidOf(i));
          expect(found === undefined ? undefined : rows.uuid(found)).toBe(
            expected.has(uuidOf(i)) ? uuidOf(i) : undefined,
          );
        }
      }
    }),
  );
});

it('gives the same rows back where there was nothing to edit', () => {
  const rows = stored(new Map([[uuidOf(1), '{}']]));
  expect(new EditableRows(rows).seal()).toBe(rows);
});
