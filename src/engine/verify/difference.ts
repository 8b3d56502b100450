/**
 * Differences: a row of the database, as it is after the commit, against what the plan makes of it. Columns and keys of
 * runtime state are not compared, and what others add to a set or a map is no difference. Pure.
 */
import { referenceColumns, rewriteReferences } from '../../model/reference/reference.js';
import { atomText, parseRow, type Row, type Value } from '../../model/row/row.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { configured, isByPart, membersIn, type PartEdit, sortUpdate } from '../plan/part-edit.js';
import { deltaOf } from '../plan/plan-changes.js';
import { type ColumnDiff, diffRows, equalValues } from '../plan/row-diff.js';
import { type Plan, type RowUpdate, type TablePlan, translateRow } from '../plan/table-plan.js';

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

/** A row as it is. */
export interface Actual {
  readonly text: ActualText;
  readonly exists: Exists;
  /** Names of the columns that were read; undefined for all. */
  readonly columns?: ReadonlySet<string>;
  /** What others have put into its sets and maps is a difference, too. */
  readonly isExact?: boolean;
}

/** @param index number of the row of the backup */
export function insertedDifference(
  { table, backup }: TablePlan,
  plan: Plan,
  index: number,
  { text, exists, columns, isExact = false }: Actual,
): Difference | undefined {
  if (text !== undefined && (columns?.size === 0 || backup.text(index).equals(text))) return undefined;
  const expected = translateRow(table, backup.row(index), plan.identity, plan.options);
  const label = labelOf(table, expected, backup.uuid(index));
  if (text === undefined) return told(label, 'is not in the database, though it was to be inserted');
  const actual = parseRow(text.toString());
  const diffs = diffRows(table, actual, expected).filter(({ column: { name } }) => columns?.has(name) !== false);
  const missing = isExact ? diffs : diffs.flatMap((diff) => missingPart(table, diff));
  return notAsPlanned(label, sorted(table, missing, exists));
}

/** Of a set or a map what is to be in it and is not; any other column as it is. */
function missingPart(table: TableSchema, diff: ColumnDiff): readonly ColumnDiff[] {
  const { column, before, after } = diff;
  if (!isByPart(table, column)) return [diff];
  const { added } = deltaOf(column, before, after);
  return added === undefined ? [] : [{ column, before: undefined, after: added }];
}

/** What the plan writes, and nothing else of the row. */
export function updatedDifference(
  { table, live }: TablePlan,
  update: RowUpdate,
  { text, exists }: Actual,
): Difference | undefined {
  const label = labelOf(table, live.row(update.liveIndex), live.uuid(update.liveIndex));
  if (text === undefined) return told(label, 'is not in the database any more, though it was to be updated');
  const actual = parseRow(text.toString());
  const { whole, parts } = sortUpdate(table, update);
  const diffs = configured(table, whole)
    .filter(({ column, after }) => !equalValues(actual[column.name], after))
    .map(({ column, after }) => ({ column, before: actual[column.name], after }));
  const wrong = parts.filter((edit) => isBack(edit, actual[edit.column.name])).map(({ column }) => column.name);
  const missing = parts
    .filter(({ column, come }) => come !== undefined && !wrong.includes(column.name))
    .flatMap(({ column, come }) => missingPart(table, { column, before: actual[column.name], after: come }));
  const found = sorted(table, [...diffs, ...missing], exists);
  return notAsPlanned(label, { ...found, wrong: [...found.wrong, ...wrong] });
}

/** Whether something is in a set or a map that was to go from it. */
function isBack({ column, come, go }: PartEdit, actual: Value | undefined): boolean {
  if (go === undefined) return false;
  const there = new Set(keysIn(column, actual));
  const coming = new Set(column.kind === 'map' ? keysIn(column, come) : []);
  return keysIn(column, go).some((key) => there.has(key) && !coming.has(key));
}

/** Members of a set, keys of a map. */
function keysIn(column: ColumnSchema, value: Value | undefined): readonly string[] {
  const atoms = column.kind === 'map' ? mapEntries(value).map(([key]) => key) : membersIn(column, value);
  return atoms.map(atomText);
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

interface DifferingColumns {
  readonly wrong: readonly string[];
  /** They differ only in that references to rows that do not exist are gone. */
  readonly dropped: readonly string[];
}

/** Names of the columns in which a row is not what it was to be, whatever was to become of it. */
export function differingColumns(
  table: TableSchema,
  { expected, actual, exists }: { readonly expected: Row; readonly actual: Row; readonly exists: Exists },
): readonly string[] {
  return sorted(table, diffRows(table, actual, expected), exists).wrong;
}

/** @param diffs from what is there to what was to be */
function sorted(table: TableSchema, diffs: readonly ColumnDiff[], exists: Exists): DifferingColumns {
  const isDropped = ({ column, before, after }: ColumnDiff): boolean => {
    const reference = referenceColumns(table).find((candidate) => candidate.column === column);
    if (reference === undefined || after === undefined) return false;
    const left = rewriteReferences(reference, after, (uuid, to) => (exists(to, uuid) ? uuid : undefined));
    return equalValues(before, left);
  };
  const names = (found: readonly ColumnDiff[]): readonly string[] => found.map(({ column }) => column.name);
  return { wrong: names(diffs.filter((diff) => !isDropped(diff))), dropped: names(diffs.filter(isDropped)) };
}

/** A row that is not what the plan made of it. */
export interface DifferingRow {
  readonly table: string;
  readonly label: string;
  readonly message: string;
}

export interface Verification {
  /** The first of the rows that are not what the plan made of them: somebody wrote to them since. */
  readonly problems: readonly DifferingRow[];
  readonly warnings: readonly string[];
  /** Rows that are as planned, and those that were looked at in all. */
  readonly asPlanned: number;
  readonly touched: number;
}

const LISTED_MAX = 100;

/** What comes out of looking at the rows one by one. */
export class Differences {
  private readonly problems: DifferingRow[] = [];
  private readonly warnings: string[] = [];
  private count = 0;
  private looked = 0;

  /** Rows that were looked at. */
  get touched(): number {
    return this.looked;
  }

  /** Rows of which it is known without looking at them that they are as planned. */
  addAsPlanned(rows: number): void {
    this.looked += rows;
  }

  add(table: string, difference: Difference | undefined): void {
    this.looked++;
    if (difference === undefined) return;
    const { label, message, isWarning = false } = difference;
    if (isWarning) {
      if (this.warnings.length < LISTED_MAX) this.warnings.push(message);
    } else if (this.count++ < LISTED_MAX) this.problems.push({ message, table, label });
  }

  get verification(): Verification {
    const { problems, warnings, count, looked } = this;
    return { problems, warnings, asPlanned: looked - count, touched: looked };
  }
}
