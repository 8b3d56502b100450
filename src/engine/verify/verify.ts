/**
 * Verify: the database after applying, captured again, against what the plan said of every row that it touched.
 * The capture is the judge, not the server's reply: rows that nothing holds vanish after a reply that says "fine".
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { referenceColumns, referencesIn, rewriteReferences } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { diffRows, equalValues } from '../plan/row-diff.js';
import {
  type MemberUpdate,
  OUTCOME,
  type Plan,
  type RowUpdate,
  type TablePlan,
  translateRow,
} from '../plan/table-plan.js';

export interface Verification {
  /** Rows that are not what the plan said. Empty: everything is as planned. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Touched rows that are as planned, and touched rows in all. */
  readonly asPlanned: number;
  readonly touched: number;
}

const LISTED_MAX = 100;

/** Compares every touched row. @param onProgress told how many rows have been compared */
export async function verifyPlan(
  plan: Plan,
  after: Snapshot,
  breath: Breath,
  onProgress?: (compared: number) => void,
): Promise<Verification> {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  let touched = 0;
  let differing = 0;
  for (const draft of plan.tables) {
    const rows = after.tables.get(draft.table.name) as TableRows;
    for (const difference of differences(draft, plan, rows, after)) {
      touched++;
      if (difference?.warning === true && warnings.length < LISTED_MAX) warnings.push(difference.message);
      if (difference !== undefined && difference.warning !== true) {
        if (differing++ < LISTED_MAX)
          problems.push({
            code: 'INTERNAL',
            message: difference.message,
            table: draft.table.name,
            label: difference.label,
          });
      }
      if (breath.due()) {
        onProgress?.(touched);
        await breath.rest();
      }
    }
  }
  onProgress?.(touched);
  if (differing > LISTED_MAX)
    problems.push({
      code: 'INTERNAL',
      message: `${differing - LISTED_MAX} more rows are not what was planned`,
    });
  return { problems, warnings, asPlanned: touched - differing, touched };
}

interface Difference {
  readonly label: string;
  readonly message: string;
  readonly warning?: boolean;
}

/** For every touched row: how it differs, undefined when it does not. */
function* differences(
  draft: TablePlan,
  plan: Plan,
  rows: TableRows,
  after: Snapshot,
): Generator<Difference | undefined> {
  const { table, backup, live, outcomes, updates, deletes } = draft;
  for (let i = 0; i < backup.count; i++)
    if (outcomes[i] === OUTCOME.INSERT) yield insertedDifference(draft, plan, i, rows, after);
  for (const update of updates.values()) yield updatedDifference(table, live, update, rows, after);
  for (const index of deletes) {
    const uuid = live.uuid(index);
    if (rows.find(uuid) === undefined) yield undefined;
    else yield missing(labelOf(table, live.row(index), uuid), 'is still in the database, though it was to be deleted');
  }
}

const missing = (label: string, what: string): Difference => ({ label, message: `${label} ${what}` });

function insertedDifference(
  { table, backup }: TablePlan,
  plan: Plan,
  index: number,
  rows: TableRows,
  after: Snapshot,
): Difference | undefined {
  const uuid = backup.uuid(index);
  const found = rows.find(uuid);
  const text = backup.text(index);
  if (found !== undefined && text.equals(rows.text(found))) return undefined;
  const expected = translateRow(table, backup.row(index), plan.identity, plan.options);
  const label = labelOf(table, expected, uuid);
  if (found === undefined) return missing(label, 'is not in the database, though it was to be inserted');
  const actual = rows.row(found);
  return describe(
    label,
    table,
    diffRows(table, actual, expected).map(({ column }) => column.name),
    expected,
    actual,
    after,
  );
}

function updatedDifference(
  table: TableSchema,
  live: TableRows,
  { liveIndex, columns, members }: RowUpdate,
  rows: TableRows,
  after: Snapshot,
): Difference | undefined {
  const uuid = live.uuid(liveIndex);
  const found = rows.find(uuid);
  const label = labelOf(table, live.row(liveIndex), uuid);
  if (found === undefined) return missing(label, 'is not in the database any more, though it was to be updated');
  const actual = rows.row(found);
  const wrong = columns
    .filter(({ column, after: wanted }) => !equalValues(actual[column.name], wanted))
    .map(({ column }) => column.name);
  const lost = members
    .filter((update) => !isMade(table, update, actual[update.column.name]))
    .map(({ column }) => column.name);
  const expected = Object.fromEntries(
    columns.flatMap(({ column, after: wanted }) => (wanted === undefined ? [] : [[column.name, wanted]])),
  );
  return describe(label, table, [...wrong, ...lost], expected, actual, after);
}

/** Whether the members that were to come are there, and none that were to go. */
function isMade(table: TableSchema, { column, added, removed }: MemberUpdate, actual: Value | undefined): boolean {
  const reference = referenceColumns(table).find((candidate) => candidate.column === column);
  if (reference === undefined) return false;
  const present = new Set(referencesIn(reference, actual).map(({ uuid }) => uuid));
  return (
    referencesIn(reference, added).every(({ uuid }) => present.has(uuid)) &&
    !referencesIn(reference, removed).some(({ uuid }) => present.has(uuid))
  );
}

/** A weak reference to a row that is not there is dropped by the server: that is said, but is no failure. */
function describe(
  label: string,
  table: TableSchema,
  columns: readonly string[],
  expected: Row,
  actual: Row,
  after: Snapshot,
): Difference | undefined {
  if (columns.length === 0) return undefined;
  const exists = (uuid: string, to: string): string | undefined =>
    after.tables.get(to)?.find(uuid) === undefined ? undefined : uuid;
  const wrong = columns.filter((name) => {
    const reference = referenceColumns(table).find(({ column }) => column.name === name);
    const wanted = expected[name];
    return (
      reference === undefined ||
      wanted === undefined ||
      !equalValues(actual[name], rewriteReferences(reference, wanted, exists))
    );
  });
  if (wrong.length > 0) return missing(label, `is not as planned in ${wrong.join(', ')}`);
  return {
    label,
    message: `${label}: references in ${columns.join(', ')} to rows that do not exist were dropped`,
    warning: true,
  };
}
