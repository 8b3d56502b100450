/** What the product captured, in the form in which the judge reads a database. */
import type { Row } from '../../../src/model/row/row.js';
import { wireValue } from '../../../src/model/row/wire-notation.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { TableSchema } from '../../../src/ovsdb/database-schema.js';
import { isList, parseExact, printExact } from './exact-json.js';
import type { DatabaseContent } from './judge.js';

/** A snapshot in the judge's form. */
export function contentOf(snapshot: Snapshot): DatabaseContent {
  return new Map(
    [...snapshot.tables.values()].map((rows) => {
      const columns = [...(snapshot.schema.tables.get(rows.table) as TableSchema).columns.values()].filter(
        ({ ephemeral }) => !ephemeral,
      );
      const text = (row: Row): string =>
        columns.map((column) => `${column.name} = ${judged(wireValue(column, row[column.name]))}`).join('\n');
      return [rows.table, new Map(Array.from({ length: rows.count }, (_, i) => [rows.uuid(i), text(rows.row(i))]))];
    }),
  );
}

function judged(wire: string): string {
  const value = parseExact(wire);
  if (isList(value) && isList(value[1])) {
    if (value[0] === 'set') return `{${value[1].map(printExact).sort().join(', ')}}`;
    if (value[0] === 'map') return `{${value[1].map(printExact).sort().join(', ')}} map`;
  }
  return `{${printExact(value)}}`;
}
