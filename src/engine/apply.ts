/**
 * Apply: a plan becomes one transaction, and either all of it happens or nothing.
 *
 * Guards first: `wait` operations that abort everything when a row that the plan was made from is no
 * longer what it was. Then only operations that may run twice without harm, since a cluster may
 * run a transaction twice: inserts with explicit UUIDs, updates in place by UUID, set inserts, deletes.
 * Operations are made row by row while they are sent; a request of 300,000 rows is never in memory.
 */
import { assert } from '../lib/assert.js';
import { Breath } from '../lib/pause.js';
import type { Session } from '../ovsdb/client.js';
import type { TableSchema } from '../ovsdb/database-schema.js';
import { COMMIT_DURABLY, checkTransactReply, commentOperation, deleteOperation, insertOperation, mutateOperation, updateOperation, waitOperation } from '../ovsdb/operation.js';
import { isRuntimeColumn, nameOf, naturalKey } from '../model/northbound.js';
import type { Row } from '../model/row.js';
import { wireRow, wireValue } from '../model/wire.js';
import { WireRowWriter } from '../model/wire-row-writer.js';
import { OUTCOME, countOutcomes, isTranslated, translateRow, type Plan, type RowUpdate, type TablePlan } from './table-plan.js';

export interface ApplyOptions {
  /** Goes into the database's log. */
  readonly comment: string;
  /** Longest time for the server to commit. Default 900,000. */
  readonly timeoutMs?: number;
  /** Told from time to time how many changes have been sent. */
  readonly onProgress?: ((sent: number) => void) | undefined;
}

/**
 * Sends the transaction and waits for it to be committed durably.
 * @throws OvsdbError when the server refused it: nothing was changed (isStale tells whether a guard fired)
 * @throws ConnectionError when the answer did not come: the transaction may or may not have been carried out
 */
export async function applyPlan(session: Session, plan: Plan, options: ApplyOptions): Promise<void> {
  assert(plan.problems.length === 0 && plan.changeCount > 0, 'a plan that cannot or need not be applied was applied');
  const pieces = transaction(session.schema.name, plan, options);
  const reply = await session.connection.call('transact', pieces, { timeoutMs: options.timeoutMs ?? 900_000 });
  checkTransactReply(reply);
}

/** JSON text of the params of transact, in pieces. */
async function* transaction(database: string, plan: Plan, { comment, onProgress }: ApplyOptions): AsyncGenerator<string> {
  const breath = new Breath();
  let sent = 0;
  yield `[${JSON.stringify(database)}`;
  let piece = '';
  for (const operation of operations(plan)) {
    piece += `,${operation.text}`;
    if (operation.change) sent++;
    if (piece.length >= PIECE_CHARACTERS) {
      yield piece;
      piece = '';
      onProgress?.(sent);
    }
    if (breath.due()) await breath.rest();
  }
  yield `${piece},${commentOperation(comment)},${COMMIT_DURABLY}]`;
  onProgress?.(sent);
}

const PIECE_CHARACTERS = 64 << 10;

interface Operation {
  readonly text: string;
  /** False for a guard. */
  readonly change: boolean;
}

function* operations(plan: Plan): Generator<Operation> {
  for (const table of plan.tables) for (const text of guards(table)) yield { text, change: false };
  for (const text of absenceGuards(plan)) yield { text, change: false };
  for (const table of plan.tables) for (const text of changes(table, plan)) yield { text, change: true };
}

const whereUuid = (uuid: string): string => `[["_uuid","==",["uuid","${uuid}"]]]`;

/** Rows that are updated or deleted must be as they were captured. */
function* guards({ table, live, updates, deletes }: TablePlan): Generator<string> {
  for (const { liveIndex, columns } of updates.values()) {
    const uuid = live.uuid(liveIndex);
    if (columns.length === 0) {
      // others may add to the same sets; only the row itself must still be there
      yield waitOperation(table.name, whereUuid(uuid), ['_uuid'], `[{"_uuid":["uuid","${uuid}"]}]`);
      continue;
    }
    const before = columns.map(({ column, before: value }) => `${JSON.stringify(column.name)}:${wireValue(column, value)}`);
    yield waitOperation(table.name, whereUuid(uuid), columns.map(({ column }) => column.name), `[{${before.join(',')}}]`);
  }
  for (const index of deletes) {
    const row = live.row(index);
    const columns = [...table.columns.values()].filter(({ name, ephemeral }) => !ephemeral && !isRuntimeColumn(table.name, name, row)).map(({ name }) => name);
    yield waitOperation(table.name, whereUuid(live.uuid(index)), columns, `[${wireRow(table, pick(row, columns))}]`);
  }
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.flatMap((column) => (row[column] === undefined ? [] : [[column, row[column]]])));
}

/** A wait on a name scans its table: past this many the guard would cost more than the restore. */
const ABSENCE_GUARDS_MAX = 200;

/**
 * Nobody may have created a row of the same name meanwhile. UUIDs and indexes are guarded by the server
 * itself; this is for root tables whose names have no index (switches, routers, load balancers).
 */
function* absenceGuards(plan: Plan): Generator<string> {
  let count = 0;
  for (const { table, backup, live, outcomes } of plan.tables) {
    if (!table.isRoot || table.indexes.length > 0 || naturalKey(table.name)?.[0] !== 'name') continue;
    const inserted: string[] = [];
    for (let i = 0; i < backup.count && count < ABSENCE_GUARDS_MAX; i++) {
      if (outcomes[i] !== OUTCOME.INSERT) continue;
      count++;
      const name = nameOf(backup.row(i));
      if (name !== undefined) inserted.push(name);
    }
    if (inserted.length === 0) continue;
    const taken = new Set<string | undefined>();
    for (let i = 0; i < live.count; i++) taken.add(nameOf(live.row(i)));
    for (const name of new Set(inserted)) if (!taken.has(name)) yield waitOperation(table.name, `[["name","==",${JSON.stringify(name)}]]`, ['name'], '[]');
  }
}

function* changes(draft: TablePlan, plan: Plan): Generator<string> {
  const { table, backup, live, outcomes, updates, deletes } = draft;
  if (countOutcomes(draft).restored > 0) {
    const writer = new WireRowWriter(table);
    const translated = isTranslated(table, plan.identity, plan.options);
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] !== OUTCOME.INSERT) continue;
      const row = translated ? wireRow(table, withoutEphemeral(table, translateRow(table, backup.row(i), plan.identity, plan.options))) : writer.write(backup.text(i));
      yield insertOperation(table.name, backup.uuid(i), row);
    }
  }
  for (const update of updates.values()) yield updateText(table, live.uuid(update.liveIndex), update);
  for (const index of deletes) yield deleteOperation(table.name, live.uuid(index));
}

function updateText(table: TableSchema, uuid: string, { columns, attachments }: RowUpdate): string {
  if (columns.length > 0) {
    return updateOperation(table.name, uuid, `{${columns.map(({ column, after }) => `${JSON.stringify(column.name)}:${wireValue(column, after)}`).join(',')}}`);
  }
  return mutateOperation(table.name, uuid, `[${attachments.map(({ column, value }) => `[${JSON.stringify(column.name)},"insert",${wireValue(column, value)}]`).join(',')}]`);
}

function withoutEphemeral(table: TableSchema, row: Row): Row {
  for (const name in row) {
    if (table.columns.get(name)?.ephemeral === true) return Object.fromEntries(Object.entries(row).filter(([column]) => table.columns.get(column)?.ephemeral !== true));
  }
  return row;
}
