/** Witnesses of a transaction: rows that it touches and that tell afterwards whether it was carried out. */
import { createHash } from 'node:crypto';
import { wireValue } from '../../model/row/wire-notation.js';
import { CHANGE, memberColumns, type PlannedRows } from './planned-row.js';

export interface Witness {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: string;
  readonly uuid: string;
  /** Of an update: columns, and the SHA-256 of their values afterwards in wire notation, a line each. */
  readonly columns?: readonly string[];
  readonly after?: string;
}

export const WITNESSES_MAX = 64;

/** @param values of columns, in wire notation */
export function fingerprint(values: readonly string[]): string {
  return createHash('sha256').update(values.join('\n')).digest('hex');
}

/** Inserts and deletes first, for nobody else does those by chance. */
export function chooseStepWitnesses(rows: PlannedRows, changed: Int32Array): readonly Witness[] {
  const certain: Witness[] = [];
  const updates: Witness[] = [];
  for (const row of changed) {
    const change = rows.changeOf(row);
    const {
      draft: { table },
    } = rows.sectionOf(row);
    if (change === CHANGE.INSERT || change === CHANGE.DELETE) {
      certain.push({ kind: change === CHANGE.INSERT ? 'INSERT' : 'DELETE', table: table.name, uuid: rows.uuid(row) });
      if (certain.length === WITNESSES_MAX) return certain;
    } else if (change === CHANGE.UPDATE && updates.length < WITNESSES_MAX) {
      // sets of references fill up over several transactions
      const members = memberColumns(table);
      const columns = (rows.update(row)?.columns ?? []).filter(({ column }) => !members.has(column.name));
      if (columns.length === 0) continue;
      updates.push({
        kind: 'UPDATE',
        table: table.name,
        uuid: rows.uuid(row),
        columns: columns.map(({ column }) => column.name),
        after: fingerprint(columns.map(({ column, after }) => wireValue(column, after))),
      });
    }
  }
  return [...certain, ...updates].slice(0, WITNESSES_MAX);
}
