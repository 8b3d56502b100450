/**
 * Witnesses: was a transaction committed whose answer nobody got? It was carried out whole or not at all, so a few of
 * the rows that it touches tell afterwards. Those of a whole plan are kept in the record of the restore.
 */
import { createHash } from 'node:crypto';
import { serverValue } from '../../model/row/wire-notation.js';
import type { Session } from '../../ovsdb/client.js';
import { isObject, type Json, stringifyJson } from '../../ovsdb/json.js';
import { selectOperation, whereUuid } from '../../ovsdb/operation.js';
import { resultOf } from '../../ovsdb/reply.js';
import { transactParams } from '../../ovsdb/transact.js';
import { CHANGE, memberColumns, type PlannedRows } from '../order/planned-row.js';
import type { ColumnDiff } from '../plan/row-diff.js';
import { OUTCOME, type Plan } from '../plan/table-plan.js';

export interface Witness {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: string;
  readonly uuid: string;
  /** Of an update: columns, and the SHA-256 of their values afterwards in wire notation, a line each. */
  readonly columns?: readonly string[] | undefined;
  readonly after?: string | undefined;
}

const WITNESSES_MAX = 64;
const TIMEOUT_MS = 30_000;

/** Takes rows that are offered until there are enough: inserts and deletes first, nobody else does those by chance. */
class Choice {
  private readonly certain: Witness[] = [];
  private readonly updates: Witness[] = [];

  /** Whether nothing that is offered further would be taken. */
  get isFull(): boolean {
    return this.certain.length === WITNESSES_MAX;
  }

  offer(kind: 'INSERT' | 'DELETE', table: string, uuid: string): void {
    if (!this.isFull) this.certain.push({ kind, table, uuid });
  }

  offerUpdate(table: string, uuid: string, columns: readonly ColumnDiff[]): void {
    if (columns.length === 0 || this.updates.length === WITNESSES_MAX) return;
    this.updates.push({
      kind: 'UPDATE',
      table,
      uuid,
      columns: columns.map(({ column }) => column.name),
      after: fingerprint(columns.map(({ column, after }) => serverValue(column, after))),
    });
  }

  get witnesses(): readonly Witness[] {
    return [...this.certain, ...this.updates].slice(0, WITNESSES_MAX);
  }
}

/** Witnesses of a plan that is one transaction. */
export function planWitnesses(plan: Plan): readonly Witness[] {
  const choice = new Choice();
  for (const { table, backup, live, outcomes, updates, deletes } of plan.tables) {
    for (let i = 0; i < backup.count && !choice.isFull; i++)
      if (outcomes[i] === OUTCOME.INSERT) choice.offer('INSERT', table.name, backup.uuid(i));
    for (const index of deletes.slice(0, WITNESSES_MAX)) choice.offer('DELETE', table.name, live.uuid(index));
    if (choice.isFull) break;
    for (const { liveIndex, columns } of updates.values())
      choice.offerUpdate(table.name, live.uuid(liveIndex), columns);
  }
  return choice.witnesses;
}

/** Witnesses of one of several transactions, which changes these rows. */
export function transactionWitnesses(rows: PlannedRows, changed: Int32Array): readonly Witness[] {
  const choice = new Choice();
  for (const row of changed) {
    const change = rows.changeOf(row);
    const { table } = rows.sectionOf(row).draft;
    if (change === CHANGE.INSERT) choice.offer('INSERT', table.name, rows.uuid(row));
    else if (change === CHANGE.DELETE) choice.offer('DELETE', table.name, rows.uuid(row));
    else if (change === CHANGE.UPDATE) {
      // sets of references fill up over several transactions
      const members = memberColumns(table);
      const columns = (rows.update(row)?.columns ?? []).filter(({ column }) => !members.has(column.name));
      choice.offerUpdate(table.name, rows.uuid(row), columns);
    }
    if (choice.isFull) break;
  }
  return choice.witnesses;
}

/**
 * Asks the database. True when more witnesses speak for the transaction than against it (others may have changed a row
 * since).
 * @throws ConnectionError, OvsdbError
 */
export async function wasCommitted(session: Session, witnesses: readonly Witness[]): Promise<boolean> {
  const selects = witnesses.map(({ table, uuid, columns }) =>
    selectOperation(table, whereUuid(uuid), columns ?? ['_uuid']),
  );
  const params = transactParams(session.schema.name, selects);
  // a table that is not there any more is an answer, too: nothing is found in it
  const results = resultOf(await session.connection.call('transact', [params], { timeoutMs: TIMEOUT_MS }));
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

/** @param values of columns, in wire notation */
function fingerprint(values: readonly string[]): string {
  return createHash('sha256').update(values.join('\n')).digest('hex');
}
