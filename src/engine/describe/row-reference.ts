/** Which rows refer to a row, and to which it refers: strong and weak references, as the schema has them. */
import type { Breath } from '../../lib/breath.js';
import { type ReferenceColumn, referenceColumns, referencesIn, referencesOf } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import { columnsIn } from '../../model/row/row-text.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Labels, labelOf } from './label.js';

/** A row at the other end of a reference. */
export interface RowReference {
  /** That holds the reference. */
  readonly column: string;
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
}

/** A row may be held, or hold, by the hundred thousand. */
export const REFERENCES_MAX = 1_000;

export interface ReferenceSearch {
  readonly snapshot: Snapshot;
  readonly labels: Labels;
  readonly breath: Breath;
  readonly signal?: AbortSignal | undefined;
}

interface Referred {
  readonly table: string;
  readonly uuid: string;
}

/**
 * The first REFERENCES_MAX rows that refer to a row, table by table in the order of names. Texts in which its UUID does
 * not stand are passed over.
 * @throws the reason of the signal when it aborts before the end
 */
export async function referrersOf(
  referred: Referred,
  { snapshot, labels, breath, signal }: ReferenceSearch,
): Promise<readonly RowReference[]> {
  const found: RowReference[] = [];
  const uuidText = Buffer.from(`"${referred.uuid}"`);
  for (const rows of snapshot.tables.values()) {
    const table = snapshot.schema.tables.get(rows.table);
    if (table === undefined) continue;
    const columns = referenceColumns(table).filter(({ key, value }) =>
      [key?.table, value?.table].includes(referred.table),
    );
    for (let i = 0; columns.length > 0 && i < rows.count; i++) {
      const text = rows.text(i);
      if (text.includes(uuidText)) {
        const uuid = rows.uuid(i);
        for (const column of columnsReferring(text, columns, referred)) {
          if (found.length === REFERENCES_MAX) return found;
          found.push({ column, table: rows.table, uuid, label: labels.ofText(table, rows.text(i), uuid) });
        }
      }
      if (breath.due()) {
        await breath.rest();
        signal?.throwIfAborted();
      }
    }
  }
  return found;
}

function columnsReferring(text: Buffer, columns: readonly ReferenceColumn[], to: Referred): readonly string[] {
  const row = columnsIn(
    text,
    columns.map(({ column }) => Buffer.from(column.name)),
  );
  return columns
    .filter((column) =>
      referencesIn(column, row[column.column.name]).some(({ table, uuid }) => table === to.table && uuid === to.uuid),
    )
    .map(({ column }) => column.name);
}

/** The first REFERENCES_MAX rows that a row refers to, column by column. A part of a configuration may lack some. */
export function referredBy(
  table: TableSchema,
  row: Row,
  { snapshot, labels }: Pick<ReferenceSearch, 'snapshot' | 'labels'>,
): readonly RowReference[] {
  return referencesOf(table, row)
    .slice(0, REFERENCES_MAX)
    .flatMap(({ column, table: name, uuid }) => {
      const target = snapshot.schema.tables.get(name);
      const rows = snapshot.tables.get(name);
      const index = rows?.find(uuid);
      if (target === undefined) return [];
      const isHere = rows !== undefined && index !== undefined;
      const label = isHere ? labels.ofText(target, rows.text(index), uuid) : labelOf(target, {}, uuid);
      return [{ column, table: name, uuid, label }];
    });
}
