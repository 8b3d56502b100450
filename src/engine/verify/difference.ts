/**
 * Differences: a row of the database, as it is after the commit, against what the plan makes of it. Columns of runtime
 * state are not compared. Pure.
 */
import type { Problem } from '../../lib/error.js';
import { referenceColumns, referencesIn, rewriteReferences } from '../../model/reference/reference.js';
import { parseRow, type Row, type Value } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { diffRows, equalValues } from '../plan/row-diff.js';
import { type MemberUpdate, type Plan, type RowUpdate, type TablePlan, translateRow } from '../plan/table-plan.js';

export interface Difference {
  readonly label: string;
  readonly message: string;
  /** It is no fault of anybody's. */
  readonly isWarning?: boolean;
}

/** Canonical text of a row as it is; undefined where there is no such row. */
export type ActualText = Buffer | undefined;

/** Whether a row is there, or is to be. */
export type Exists = (table: string, uuid: string) => boolean;

/** @param index number of the row of the backup */
export function insertedDifference(
  { table, backup }: TablePlan,
  plan: Plan,
  index: number,
  { text, exists }: { readonly text: ActualText; readonly exists: Exists },
): Difference | undefined {
  if (text !== undefined && backup.text(index).equals(text)) return undefined;
  const expected = translateRow(table, backup.row(index), plan.identity, plan.options);
  const label = labelOf(table, expected, backup.uuid(index));
  if (text === undefined) return told(label, 'is not in the database, though it was to be inserted');
  return notAsPlanned(label, differing(table, { expected, actual: parseRow(text.toString()), exists }));
}

/** What the plan writes, and nothing else of the row. */
export function updatedDifference(
  { table, live }: TablePlan,
  { liveIndex, columns, members }: RowUpdate,
  { text, exists }: { readonly text: ActualText; readonly exists: Exists },
): Difference | undefined {
  const label = labelOf(table, live.row(liveIndex), live.uuid(liveIndex));
  if (text === undefined) return told(label, 'is not in the database any more, though it was to be updated');
  const actual = parseRow(text.toString());
  const wrong = columns
    .filter(({ column, after: wanted }) => !equalValues(actual[column.name], wanted))
    .map(({ column }) => column.name);
  const lost = members
    .filter((update) => !isMade(table, update, actual[update.column.name]))
    .map(({ column }) => column.name);
  const expected = Object.fromEntries(
    columns.flatMap(({ column, after: wanted }) => (wanted === undefined ? [] : [[column.name, wanted]])),
  );
  return notAsPlanned(label, sorted([...wrong, ...lost], table, { expected, actual, exists }));
}

/** @param index number of the live row */
export function deletedDifference({ table, live }: TablePlan, index: number, text: ActualText): Difference | undefined {
  return text === undefined
    ? undefined
    : told(labelOf(table, live.row(index), live.uuid(index)), 'is still in the database, though it was to be deleted');
}

export function told(label: string, what: string): Difference {
  return { label, message: `${label} ${what}` };
}

/** A weak reference to a row that is not there is dropped by the server: that is said, but is no failure. */
function notAsPlanned(label: string, { wrong, dropped }: DifferingColumns): Difference | undefined {
  if (wrong.length > 0) return told(label, `is not as planned in ${wrong.join(', ')}`);
  if (dropped.length === 0) return undefined;
  const message = `${label}: references in ${dropped.join(', ')} to rows that do not exist were dropped`;
  return { label, message, isWarning: true };
}

interface Comparison {
  readonly expected: Row;
  readonly actual: Row;
  readonly exists: Exists;
}

export interface DifferingColumns {
  readonly wrong: readonly string[];
  /** They differ only in that references to rows that do not exist are gone. */
  readonly dropped: readonly string[];
}

/** All columns of a row. */
export function differing(table: TableSchema, comparison: Comparison): DifferingColumns {
  const columns = diffRows(table, comparison.actual, comparison.expected).map(({ column }) => column.name);
  return sorted(columns, table, comparison);
}

function sorted(
  columns: readonly string[],
  table: TableSchema,
  { expected, actual, exists }: Comparison,
): DifferingColumns {
  const dropped = columns.filter((name) => {
    const reference = referenceColumns(table).find(({ column }) => column.name === name);
    const wanted = expected[name];
    if (reference === undefined || wanted === undefined) return false;
    const left = rewriteReferences(reference, wanted, (uuid, to) => (exists(to, uuid) ? uuid : undefined));
    return equalValues(actual[name], left);
  });
  return { wrong: columns.filter((name) => !dropped.includes(name)), dropped };
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

export interface Verification {
  /** Rows that are not what the plan said. Empty: everything is as planned. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Rows that are as planned, and those that were looked at in all. */
  readonly asPlanned: number;
  readonly touched: number;
}

const LISTED_MAX = 100;

/** What comes out of looking at the rows one by one. */
export class Differences {
  private readonly problems: Problem[] = [];
  private readonly warnings: string[] = [];
  private differing = 0;
  private looked = 0;

  get count(): number {
    return this.looked;
  }

  add(table: string, difference: Difference | undefined): void {
    this.looked++;
    if (difference === undefined) return;
    const { label, message, isWarning = false } = difference;
    if (isWarning) {
      if (this.warnings.length < LISTED_MAX) this.warnings.push(message);
    } else if (this.differing++ < LISTED_MAX) this.problems.push({ code: 'INTERNAL', message, table, label });
  }

  get verification(): Verification {
    const { problems, warnings, differing, looked } = this;
    return { problems, warnings, asPlanned: looked - differing, touched: looked };
  }
}
