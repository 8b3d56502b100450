/**
 * Witnesses: was a transaction committed whose answer nobody got? It was carried out whole or not at all, so a few of
 * the rows that it touches tell afterwards. Those of a whole plan are kept in the record of the restore.
 */
import { createHash } from 'node:crypto';
import type { Value } from '../../model/row/row.js';
import { mapEntries, serverValue, wireAtom } from '../../model/row/wire-notation.js';
import type { Session } from '../../ovsdb/client.js';
import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { isObject, type Json, stringifyJson } from '../../ovsdb/json.js';
import { selectOperation, whereUuid } from '../../ovsdb/operation.js';
import { resultOf } from '../../ovsdb/reply.js';
import { transactParams } from '../../ovsdb/transact.js';
import { CHANGE, memberColumns, type PlannedRows } from '../order/planned-row.js';
import { configured, membersIn, type PartEdit, sortUpdate } from '../plan/part-edit.js';
import { OUTCOME, type Plan, type RowUpdate } from '../plan/table-plan.js';

export interface Witness {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: string;
  readonly uuid: string;
  /** Of an update: columns, and the SHA-256 of their values afterwards in wire notation, a line each. */
  readonly columns?: readonly string[] | undefined;
  readonly after?: string | undefined;
  /** Of an update: some of what comes to sets and maps, and goes from them. */
  readonly parts?: readonly WitnessPart[] | undefined;
}

/** SHA-256 of members of a set, or of pairs of a map, in wire notation: nothing of a backup is in a record. */
export interface WitnessPart {
  readonly column: string;
  readonly come: readonly string[];
  readonly go: readonly string[];
}

const WITNESSES_MAX = 64;
/** Members of a set, or pairs of a map, that speak for an update of it. */
const PARTS_MAX = 16;
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

  offerUpdate(table: TableSchema, uuid: string, update: Omit<RowUpdate, 'liveIndex'>): void {
    if (this.updates.length === WITNESSES_MAX) return;
    const { whole, parts } = sortUpdate(table, update);
    const written = configured(table, whole);
    if (written.length + parts.length === 0) return;
    this.updates.push({
      kind: 'UPDATE',
      table: table.name,
      uuid,
      columns: written.map(({ column }) => column.name),
      after: fingerprint(written.map(({ column, after }) => serverValue(column, after))),
      ...(parts.length === 0 ? {} : { parts: parts.map(witnessPart) }),
    });
  }

  get witnesses(): readonly Witness[] {
    return [...this.certain, ...this.updates].slice(0, WITNESSES_MAX);
  }
}

function witnessPart({ column, come, go }: PartEdit): WitnessPart {
  return { column: column.name, come: someOf(column, come), go: someOf(column, go) };
}

function someOf(column: ColumnSchema, part: Value | undefined): readonly string[] {
  const texts =
    column.kind === 'map'
      ? mapEntries(part)
          .slice(0, PARTS_MAX)
          .map(([key, value]) => `[${wireAtom(column.key, key)},${wireAtom(column.value as BaseType, value)}]`)
      : membersIn(column, part)
          .slice(0, PARTS_MAX)
          .map((atom) => wireAtom(column.key, atom));
  return texts.map((text) => fingerprint([text]));
}

/** Witnesses of a plan that is one transaction. */
export function planWitnesses(plan: Plan): readonly Witness[] {
  const choice = new Choice();
  for (const { table, backup, live, outcomes, updates, deletes } of plan.tables) {
    for (let i = 0; i < backup.count && !choice.isFull; i++)
      if (outcomes[i] === OUTCOME.INSERT) choice.offer('INSERT', table.name, backup.uuid(i));
    for (const index of deletes.slice(0, WITNESSES_MAX)) choice.offer('DELETE', table.name, live.uuid(index));
    if (choice.isFull) break;
    for (const update of updates.values()) choice.offerUpdate(table, live.uuid(update.liveIndex), update);
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
      const sets = memberColumns(table);
      const { columns, members } = rows.update(row) as RowUpdate;
      const isOwn = ({ column }: { readonly column: ColumnSchema }): boolean => !sets.has(column.name);
      choice.offerUpdate(table, rows.uuid(row), { columns: columns.filter(isOwn), members: members.filter(isOwn) });
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
  const selects = witnesses.map(({ table, uuid, columns = [], parts = [] }) =>
    selectOperation(table, whereUuid(uuid), ['_uuid', ...columns, ...parts.map(({ column }) => column)]),
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

function speaksFor({ kind, columns, after, parts = [] }: Witness, rows: readonly Json[]): boolean {
  if (kind === 'INSERT') return rows.length === 1;
  if (kind === 'DELETE') return rows.length === 0;
  const row = rows[0];
  return (
    isObject(row) &&
    columns !== undefined &&
    fingerprint(columns.map((column) => stringifyJson(row[column] ?? null))) === after &&
    parts.every(({ column, come, go }) => {
      const there = new Set(membersOf(row[column]).map((member) => fingerprint([stringifyJson(member)])));
      return come.every((member) => there.has(member)) && !go.some((member) => there.has(member));
    })
  );
}

/** The members or pairs of a value in wire notation, in which a set of one is its member. */
function membersOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || (value[0] !== 'set' && value[0] !== 'map')) return [value];
  return value[1] as readonly Json[];
}

/** @param values of columns, in wire notation */
function fingerprint(values: readonly string[]): string {
  return createHash('sha256').update(values.join('\n')).digest('hex');
}
