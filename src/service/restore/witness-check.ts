/**
 * Settling: was a transaction carried out whose answer nobody got? It was carried out whole or not at all, so a few of
 * the rows that it touched tell: the witnesses that the restore record keeps while it is under way.
 */

import { fingerprint, WITNESSES_MAX } from '../../engine/apply/witness.js';
import { OUTCOME, type Plan } from '../../engine/plan/table-plan.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { Session } from '../../ovsdb/client.js';
import { isObject, type Json, stringifyJson } from '../../ovsdb/json.js';
import type { Witness } from './record/restore-record.js';

const TIMEOUT_MS = 30_000;

/** Rows to be witnesses: inserts and deletes first, for nobody else does those by chance. */
export function chooseWitnesses(plan: Plan): readonly Witness[] {
  const certain: Witness[] = [];
  const updates: Witness[] = [];
  for (const { table, backup, live, outcomes, updates: updated, deletes } of plan.tables) {
    for (let i = 0; i < backup.count && certain.length < WITNESSES_MAX; i++)
      if (outcomes[i] === OUTCOME.INSERT) certain.push({ kind: 'INSERT', table: table.name, uuid: backup.uuid(i) });
    for (const index of deletes.slice(0, WITNESSES_MAX))
      certain.push({ kind: 'DELETE', table: table.name, uuid: live.uuid(index) });
    for (const { liveIndex, columns } of updated.values()) {
      if (updates.length >= WITNESSES_MAX) break;
      if (columns.length > 0)
        updates.push({
          kind: 'UPDATE',
          table: table.name,
          uuid: live.uuid(liveIndex),
          columns: columns.map(({ column }) => column.name),
          after: fingerprint(columns.map(({ column, after }) => wireValue(column, after))),
        });
    }
  }
  return [...certain, ...updates].slice(0, WITNESSES_MAX);
}

/**
 * Asks the database. True when more witnesses speak for the transaction than against it (others may have changed a row
 * since).
 * @throws ConnectionError, OvsdbError
 */
export async function wasApplied(session: Session, witnesses: readonly Witness[]): Promise<boolean> {
  const operations = witnesses.map(({ table, uuid, columns }) => ({
    op: 'select',
    table,
    where: [['_uuid', '==', ['uuid', uuid]]],
    columns: columns ?? ['_uuid'],
  }));
  const results = await session.connection.request('transact', [session.schema.name, ...operations], {
    timeoutMs: TIMEOUT_MS,
  });
  let balance = 0;
  witnesses.forEach((witness, i) => {
    const result = Array.isArray(results) ? (results[i] as Json) : null;
    const rows = isObject(result) && Array.isArray(result['rows']) ? (result['rows'] as readonly Json[]) : [];
    balance += speaksFor(witness, rows) ? 1 : -1;
  });
  return balance > 0;
}

function speaksFor({ kind, columns, after }: Witness, rows: readonly Json[]): boolean {
  if (kind === 'INSERT') return rows.length === 1;
  if (kind === 'DELETE') return rows.length === 0;
  const row = rows[0];
  return (
    isObject(row) &&
    columns !== undefined &&
    fingerprint(columns.map((column) => stringifyJson(row[column] ?? null))) === after
  );
}
