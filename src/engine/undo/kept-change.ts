/** What a restore kept of its changes, so that they can be undone; and how an undo deals with what others did since. */
import { runtimeKeys } from '../../model/northbound/runtime.js';
import type { Row } from '../../model/row/row.js';
import { atomsOf, openValue } from '../../model/row/sealed-value.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { ColumnChange } from '../plan/plan-changes.js';

/** A change as it was kept. SKIP is none. */
export interface KeptChange {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  readonly columns: readonly ColumnChange[];
  /** Of an inserted row nothing but its UUID was kept: whether others changed it cannot be told. */
  readonly isBrief?: true;
  /** The salt of its values `after`, which are sealed: see sealed-value.ts. */
  readonly salt?: string;
}

/**
 * STRICT: a row that others changed since, or use, is a conflict. FORCE: the restore's part of it is undone all the
 * same as far as the database allows, what is left of it is warned of. PARTIAL: as FORCE, after a restore that did not
 * come to its end, whose rows may be half written.
 */
export type UndoMode = 'STRICT' | 'FORCE' | 'PARTIAL';

/**
 * A change as far as it can be told what the restore wrote: what is in the database now, or was there before, is known
 * again, and anything else is something else.
 */
export function opened(change: KeptChange, table: TableSchema, now: Row | undefined): KeptChange {
  const { salt } = change;
  if (salt === undefined) return change;
  const columns = change.columns.map((cell) => {
    const { column, before, after } = cell;
    if (after === undefined) return cell;
    const known = [...atomsOf(now?.[column]), ...atomsOf(before), ...runtimeKeys(table, column)];
    return { ...cell, after: openValue(after, salt, known) };
  });
  return { ...change, columns };
}

/** The whole row before or after the change, of one that was deleted or inserted. */
export function rowOf({ columns }: KeptChange, side: 'before' | 'after'): Row {
  return Object.fromEntries(
    columns.flatMap((change) => {
      const value = change[side];
      return value === undefined ? [] : [[change.column, value]];
    }),
  );
}
