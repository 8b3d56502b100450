/**
 * Witnesses: was a transaction committed whose answer nobody got? It was carried out whole or not at all, so a few of
 * the rows that it touches tell afterwards, whatever others have written since. Those of a whole plan are kept in the
 * record of the restore.
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
  /** Of an update: columns that are written whole. */
  readonly values?: readonly WitnessValue[] | undefined;
  /** Of an update: some of what comes to sets and maps, and goes from them. */
  readonly parts?: readonly WitnessPart[] | undefined;
  /** In older records, in place of values: columns, and the SHA-256 of their values afterwards, a line each. */
  readonly columns?: readonly string[] | undefined;
  readonly after?: string | undefined;
}

/** SHA-256 of the values of a column before and afterwards, in wire notation: nothing of a backup is in a record. */
export interface WitnessValue {
  readonly column: string;
  readonly before: string;
  readonly after: string;
}

/** SHA-256 of members of a set, or of pairs of a map, in wire notation. */
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
      values: written.map(({ column, before, after }) => ({
        column: column.name,
        before: fingerprint(serverValue(column, before)),
        after: fingerprint(serverValue(column, after)),
      })),
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
  return texts.map(fingerprint);
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
 * Asks the database. Rows that only this transaction can have brought, or would have taken away, tell for certain;
 * where there are none of them, more must speak for the transaction than against it. What somebody else has written
 * over since speaks neither for nor against it.
 * @throws ConnectionError, OvsdbError
 */
export async function wasCommitted(session: Session, witnesses: readonly Witness[]): Promise<boolean> {
  const selects = witnesses.map(({ table, uuid, values = [], parts = [], columns = [] }) =>
    selectOperation(table, whereUuid(uuid), [
      '_uuid',
      ...columns,
      ...[...values, ...parts].map(({ column }) => column),
    ]),
  );
  const params = transactParams(session.schema.name, selects);
  // a table that is not there any more is an answer, too: nothing is found in it
  const results = resultOf(await session.connection.call('transact', [params], { timeoutMs: TIMEOUT_MS }));
  let certain = 0;
  let balance = 0;
  witnesses.forEach((witness, i) => {
    const result = Array.isArray(results) ? (results[i] as Json) : null;
    const rows = isObject(result) && Array.isArray(result['rows']) ? (result['rows'] as readonly Json[]) : [];
    const voice = voiceOf(witness, rows);
    balance += voice;
    // others may have deleted what came, or what was to go: nobody else brings a row with that UUID
    if (witness.kind !== 'UPDATE' && rows.length === 1) certain += voice;
  });
  return certain === 0 ? balance > 0 : certain > 0;
}

/** 1 for the transaction, -1 against it, 0 where the row tells nothing. */
function voiceOf({ kind, values = [], parts = [], columns = [], after }: Witness, rows: readonly Json[]): number {
  if (kind === 'INSERT') return rows.length === 1 ? 1 : -1;
  if (kind === 'DELETE') return rows.length === 0 ? 1 : -1;
  const row = rows[0];
  // it is gone with all that was in it
  if (!isObject(row)) return 0;
  const voices = [
    ...values.map((value) => voiceOfValue(value, row[value.column])),
    ...parts.map((part) => voiceOfPart(part, row[part.column])),
  ];
  if (after !== undefined)
    voices.push(fingerprint(columns.map((name) => stringifyJson(row[name] ?? null)).join('\n')) === after ? 1 : -1);
  return majority(voices);
}

function voiceOfValue({ before, after }: WitnessValue, value: Json | undefined): number {
  const now = fingerprint(stringifyJson(value ?? null));
  if (now === after) return 1;
  return now === before ? -1 : 0;
}

function voiceOfPart({ come, go }: WitnessPart, value: Json | undefined): number {
  const there = new Set(membersOf(value).map((member) => fingerprint(stringifyJson(member))));
  const speaks = (isFor: boolean): number => (isFor ? 1 : -1);
  return majority([
    ...come.map((member) => speaks(there.has(member))),
    ...go.map((member) => speaks(!there.has(member))),
  ]);
}

function majority(voices: readonly number[]): number {
  return Math.sign(voices.reduce((sum, voice) => sum + voice, 0));
}

/** The members or pairs of a value in wire notation, in which a set of one is its member. */
function membersOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || (value[0] !== 'set' && value[0] !== 'map')) return [value];
  return value[1] as readonly Json[];
}

/** @param text a value in wire notation */
function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
